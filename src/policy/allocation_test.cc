// The hot path allocates nothing: every decision of a request, counted by the program's own operator new.
#include <gtest/gtest.h>

#include "base/testing/counting_new.h"
#include "policy/attempt/breaker.h"
#include "policy/attempt/fault.h"
#include "policy/attempt/outlier.h"
#include "policy/attempt/retry.h"
#include "policy/balance/host_fixture.h"
#include "policy/connection/filter_chain.h"
#include "policy/route/rewrite.h"
#include "policy/route/route_table.h"

namespace ripstop::policy {
namespace {

using model::MatchKind;

// Allocations of the second of two runs: the first may warm what is reused, such as a regular expression's automaton.
template <typename Work>
uint64_t allocations_of(Work work) {
  work();
  const uint64_t before = allocations_so_far();
  work();
  return allocations_so_far() - before;
}

TEST(Allocations, AreCounted) {
  if (!kCountsAllocations) GTEST_SKIP() << "ThreadSanitizer's operator new cannot be replaced by one that counts";
  EXPECT_EQ(allocations_of([] { EXPECT_EQ(std::string(100, 'x').size(), 100u); }), 1u);
}

std::shared_ptr<const CompiledRouteTable> table() {
  auto source = std::make_shared<model::RouteTable>();
  source->ignore_port_in_host = true;
  for (int i = 0; i < 50; ++i) {
    auto& host = source->virtual_hosts.emplace_back();
    host.domains = {"service-" + std::to_string(i) + ".default.svc.cluster.local", "*.wild" + std::to_string(i)};
    for (int j = 0; j < 20; ++j) {
      auto& route = host.routes.emplace_back();
      route.match.path = {MatchKind::kExact, "/api/resource/number/" + std::to_string(j)};
      route.action = model::Forward{.clusters = {{.cluster = "a", .weight = 3}, {.cluster = "b", .weight = 1}}};
    }
    auto& regex = host.routes.emplace_back();
    regex.match.path = {MatchKind::kRegex, "/v[0-9]+/.*"};
    regex.match.headers = {{"x-group", {MatchKind::kExact, "red,blue"}}};
    regex.action = model::Forward{.clusters = {{.cluster = "a"}}, .prefix_rewrite = "/a/rewritten/longer/path"};
    host.routes.emplace_back().action = model::Redirect{.scheme = "https"};
  }
  return *CompiledRouteTable::compile(source);
}

TEST(Allocations, AreNoneToFindARoute) {
  const auto routes = table();
  const HeaderField fields[] = {{"accept", "*/*"}, {"x-group", "red"}, {"X-Group", "blue"}};
  const HeaderLookup headers{std::span<const HeaderField>(fields)};
  int found = 0;
  EXPECT_EQ(allocations_of([&] {
              const std::string_view authority = "service-30.default.svc.cluster.local:8080";
              for (const char* path : {"/api/resource/number/7", "/v12/anything/at/all", "/none"}) {
                const RequestView request{.method = "GET",
                                          .scheme = "http",
                                          .authority = authority,
                                          .path = path,
                                          .query = "a=b&c=d",
                                          .headers = headers};
                found += routes->find(request).route != nullptr ? 1 : 0;
              }
              found += routes->find({.authority = "deep.down.in.wild7", .path = "/"}).route != nullptr ? 1 : 0;
              found += routes->find({.authority = "nowhere", .path = "/"}).route != nullptr ? 1 : 0;
            }),
            0u);
  EXPECT_EQ(found, 2 * 4);
}

TEST(Allocations, AreNoneToActOnARoute) {
  const auto routes = table();
  const HeaderField fields[] = {{"x-group", "red,blue"}};
  const RequestView request{.authority = "service-3.default.svc.cluster.local",
                            .path = "/v1/x",
                            .headers = std::span<const HeaderField>(fields)};
  const CompiledRoute& rewriting = *routes->find(request).route;
  RequestView other = request;
  other.path = "/api/resource/number/7";
  const CompiledRoute& weighted = *routes->find(other).route;
  Random random(1);
  SplitCursors cursors(random);
  std::string storage;
  const model::Fault fault{.delay_per_million = 500'000, .abort_per_million = 500'000, .abort_status = 503};
  EXPECT_EQ(allocations_of([&] {
              EXPECT_EQ(*rewrite_path(rewriting, request.path, storage), "/a/rewritten/longer/path");
              EXPECT_NE(choose_cluster(weighted, cursors).cluster, nullptr);
              (void)decide_fault(fault, random);
            }),
            0u);
}

// With localities, two priorities and a degraded host, so that every step of the choice is taken.
uint64_t allocations_to_pick(model::Balancing balancing, uint32_t last_weight) {
  Random random(1);
  HostSet hosts(model::Cluster{.balancing = balancing});
  std::vector<model::LocalityEndpoints> localities(3);
  localities[0] = {.weight = 2, .endpoints = endpoints(1, 20)};
  localities[1] = {.weight = 1, .endpoints = {endpoint(100), endpoint(101, last_weight)}};
  localities[2] = {.priority = 1, .endpoints = endpoints(200, 5)};
  localities[0].endpoints[0].health = model::Health::kDegraded;
  hosts.update(assignment(localities), random);
  const std::vector<const Host*> avoid = {hosts.hosts()[1].get()};
  return allocations_of([&] {
    for (int i = 0; i < 100; ++i) {
      const ActiveRequest running(*hosts.pick({.avoid = avoid, .attempts = 2}, random));
    }
  });
}

TEST(Allocations, AreNoneToPickAHost) {
  using model::Balancing;
  for (const auto balancing : {Balancing::kRoundRobin, Balancing::kRandom, Balancing::kLeastRequest}) {
    EXPECT_EQ(allocations_to_pick(balancing, 1), 0u);
    EXPECT_EQ(allocations_to_pick(balancing, 7), 0u);
  }
}

TEST(Allocations, AreNoneToJudgeAnAttempt) {
  Random random(1);
  HostSet hosts{model::Cluster()};
  hosts.update(assignment(endpoints(1, 5)), random);
  const OutlierDetector detector({.consecutive_5xx = 100});
  Breaker breaker({});
  const model::RetryPolicy policy{.retries = 1'000, .on = model::RetryOn::k5xx};
  EXPECT_EQ(allocations_of([&] {
              Retries retries(&policy, breaker);
              const Breaker::Permit permit = breaker.acquire(Resource::kRequests);
              EXPECT_TRUE(permit);
              EXPECT_EQ(retries.decide({.status = 503}, random).verdict, RetryDecision::Verdict::kRetry);
              detector.record(hosts, *hosts.hosts()[0], {.status = 503}, TimePoint(), random);
            }),
            0u);
}

TEST(Allocations, AreNoneToChooseAFilterChain) {
  model::Listener listener{.name = "l"};
  for (uint16_t port = 1; port < 20; ++port) {
    model::FilterChain chain{.filter = model::TcpProxy{}};
    chain.match = {.destination_port = port,
                   .destination_ranges = {*CidrBlock::parse("2001:db8::/32"), *CidrBlock::parse("10.0.0.0/8")},
                   .server_names = {"*.a-rather-long-suffix.example.com"},
                   .application_protocols = {"istio"}};
    listener.filter_chains.push_back(chain);
  }
  const auto chains = FilterChains::compile(listener);
  const model::Listener* all[] = {&listener};
  const ListenerTable listeners(all);
  const std::string_view protocols[] = {"h2", "istio"};
  const ConnectionFacts facts{.destination = *SocketAddress::parse("10.1.2.3:7"),
                              .server_name = "x.y.a-rather-long-suffix.example.com",
                              .application_protocols = protocols};
  EXPECT_EQ(allocations_of([&] {
              EXPECT_EQ(chains->choose(facts), &listener.filter_chains[6]);
              EXPECT_EQ(listeners.find(facts.destination), nullptr);
            }),
            0u);
}

}  // namespace
}  // namespace ripstop::policy
