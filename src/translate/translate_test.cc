#include "translate/translate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "translate/testing/bookinfo.h"
#include "translate/testing/describe.h"

namespace ripstop::translate {
namespace {

using testing::bookinfo;
using testing::describe;
using testing::share;

constexpr const char* kGoldenFolder = "src/translate/testdata/";

std::string read(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// With RIPSTOP_UPDATE_GOLDEN in the environment the file is written instead (make golden).
void expect_golden(const std::string& name, const std::string& actual) {
  const std::string path = kGoldenFolder + name;
  if (std::getenv("RIPSTOP_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << actual;
  const std::string expected = read(path);
  if (expected == actual) return;
  const auto [left, right] = std::ranges::mismatch(expected, actual);
  const size_t line = 1 + static_cast<size_t>(std::count(actual.begin(), right, '\n'));
  ADD_FAILURE() << path << " differs from line " << line << " on: \"" << std::string(right, actual.end()).substr(0, 200)
                << "\"; if this is meant, run `make golden` and read the diff";
}

Proxy proxy_of(const model::Snapshot& snapshot, const std::string& id) {
  const auto found = std::ranges::find(snapshot.mesh.workloads, id, &model::Workload::id);
  return testing::proxy(*found);
}

std::string described(const model::Snapshot& snapshot, const Proxy& proxy) {
  Cache cache;
  return describe(compile(share(snapshot), proxy, cache));
}

// Runs of each pass since `before`.
std::vector<std::string> runs_since(const std::vector<PassCount>& before, const Cache& cache) {
  std::vector<std::string> runs;
  for (size_t index = 0; index < before.size(); ++index) {
    const uint64_t count = cache.counts()[index].runs - before[index].runs;
    if (count != 0) runs.push_back(fmt::format("{} {}", before[index].name, count));
  }
  return runs;
}

std::vector<PassCount> counts_of(const Cache& cache) {
  return {cache.counts().begin(), cache.counts().end()};
}

TEST(Translate, GivesAMachinesProxyWhatTheGoldenFileShows) {
  const model::Snapshot mesh = bookinfo();
  expect_golden("bookinfo-productpage.txt", described(mesh, proxy_of(mesh, "default/productpage-v1")));
}

TEST(Translate, GivesAPodsProxyWhatTheGoldenFileShows) {
  model::Snapshot mesh = bookinfo();
  mesh.settings.registry_only = true;
  Proxy pod = proxy_of(mesh, "old/legacy-v1");
  pod.shares_namespace = true;
  pod.inbound.clear();
  expect_golden("pod-legacy-registry-only.txt", described(mesh, pod));
}

TEST(Translate, GivesTheSameTextWhateverTheOrderOfTheSnapshot) {
  model::Snapshot mesh = bookinfo();
  // Rules and policies that compete for a host, so that order could show.
  mesh.mesh.http_routes.push_back(testing::routes(testing::host_of("reviews"), {}));
  mesh.mesh.http_routes.back().created = 7;
  mesh.mesh.destination_policies.push_back(testing::policy(testing::host_of("reviews")));
  mesh.mesh.destination_policies.back().subsets = {testing::subset("v2")};
  const Proxy proxy = proxy_of(mesh, "default/productpage-v1");
  const std::string expected = described(mesh, proxy);
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    testing::shuffle(mesh.mesh, seed);
    ASSERT_EQ(described(mesh, proxy), expected) << "seed " << seed;
  }
}

TEST(Translate, RunsOnlyThePassOfTheServiceWhoseEndpointMoved) {
  model::Snapshot mesh = bookinfo();
  Cache cache;
  const Proxy productpage = proxy_of(mesh, "default/productpage-v1");
  const Proxy details = proxy_of(mesh, "default/details-v1");
  const ProxyConfig before = compile(share(mesh), productpage, cache);
  static_cast<void>(compile(share(mesh), details, cache));

  const auto moved = std::ranges::find(mesh.mesh.workloads, "default/reviews-v2", &model::Workload::id);
  moved->inbound[9080].port = 29999;
  const auto counts = counts_of(cache);
  const auto next = share(mesh);
  const ProxyConfig after = compile(next, productpage, cache);
  static_cast<void>(compile(next, details, cache));

  EXPECT_EQ(runs_since(counts, cache), (std::vector<std::string>{"index 1", "endpoint_list 1", "endpoint 1"}));
  EXPECT_EQ(after.clusters, before.clusters) << "the very same objects";
  EXPECT_EQ(after.route_tables, before.route_tables);
  EXPECT_EQ(after.listeners, before.listeners);
  size_t changed = 0;
  for (size_t index = 0; index < after.assignments.size(); ++index) {
    changed += after.assignments[index] == before.assignments[index] ? 0 : 1;
  }
  EXPECT_EQ(changed, 4U) << "reviews, and its three subsets";
}

TEST(Translate, DoesNotTouchEndpointsWhenARouteChanges) {
  model::Snapshot mesh = bookinfo();
  Cache cache;
  const Proxy proxy = proxy_of(mesh, "default/productpage-v1");
  static_cast<void>(compile(share(mesh), proxy, cache));
  std::get<model::ForwardToServices>(mesh.mesh.http_routes[0].rules[1].action).destinations[0].weight = 50;
  const uint64_t endpoints = cache.count(PassId::kEndpoint).runs;
  const uint64_t clusters = cache.count(PassId::kCluster).runs;
  const uint64_t routes = cache.count(PassId::kRoute).runs;
  static_cast<void>(compile(share(mesh), proxy, cache));
  EXPECT_EQ(cache.count(PassId::kEndpoint).runs, endpoints);
  EXPECT_EQ(cache.count(PassId::kCluster).runs, clusters);
  EXPECT_EQ(cache.count(PassId::kRoute).runs, routes + 1);
}

TEST(Translate, SharesEverythingOutboundBetweenClientsThatNoRuleTellsApart) {
  const model::Snapshot mesh = bookinfo();
  const auto snapshot = share(mesh);
  Cache cache;
  static_cast<void>(compile(snapshot, proxy_of(mesh, "default/details-v1"), cache));
  const auto counts = counts_of(cache);
  static_cast<void>(compile(snapshot, proxy_of(mesh, "default/ratings-v1"), cache));
  EXPECT_EQ(runs_since(counts, cache), (std::vector<std::string>{"inbound 1"}));
}

TEST(Translate, TellsClientsApartByTheLabelsThatARuleAsksFor) {
  model::Snapshot mesh = bookinfo();
  mesh.mesh.http_routes = {testing::routes(
      testing::host_of("ratings"),
      {testing::rule({}, {testing::to("special")}, {.source_labels = {{"version", "v2"}}, .source_namespace = {}}),
       testing::rule({testing::to("ordinary")})})};
  EXPECT_NE(described(mesh, proxy_of(mesh, "default/reviews-v2")).find("-> outbound|9080||special"), std::string::npos);
  EXPECT_EQ(described(mesh, proxy_of(mesh, "default/reviews-v1")).find("-> outbound|9080||special"), std::string::npos);
}

TEST(Translate, ForgetsWhatSeveralSnapshotsDidNotUse) {
  model::Snapshot mesh = bookinfo();
  Cache cache;
  const Proxy proxy = proxy_of(mesh, "default/productpage-v1");
  size_t settled = 0;
  for (uint16_t round = 0; round < 50; ++round) {
    mesh.mesh.workloads[2].inbound[9080].port = static_cast<uint16_t>(30000 + round);
    static_cast<void>(compile(share(mesh), proxy, cache));
    if (round == 10) settled = cache.size();
  }
  EXPECT_EQ(cache.size(), settled);
}

std::vector<std::string> names(const Items<model::Listener>& listeners) {
  std::vector<std::string> all;
  for (const auto& listener : listeners) all.push_back((*listener)->name);
  return all;
}

TEST(Translate, HearsRulesForAHostThatIsNoServiceOnPort80) {
  model::Snapshot mesh;
  mesh.mesh.http_routes = {testing::routes("shop.example", {testing::rule({testing::to("backend")})})};
  Cache cache;
  const ProxyConfig config = compile(share(mesh), Proxy{.ns = "default"}, cache);
  ASSERT_EQ(config.route_tables.size(), 1U);
  EXPECT_EQ((*config.route_tables[0])->virtual_hosts[0].domains[0], "shop.example");
  EXPECT_EQ(names(config.listeners), (std::vector<std::string>{"0.0.0.0_80", "virtualOutbound"}));
}

TEST(Translate, GivesAnAddressThatTwoServicesClaimToTheFirstByName) {
  model::Snapshot mesh;
  const auto tcp = testing::port(5432, "tcp", model::AppProtocol::kTcp);
  mesh.mesh.services = {testing::service("b", tcp, "10.0.0.1"), testing::service("a", tcp, "10.0.0.1")};
  Cache cache;
  const ProxyConfig config = compile(share(mesh), Proxy{.ns = "default"}, cache);
  ASSERT_EQ(names(config.listeners), (std::vector<std::string>{"10.0.0.1_5432", "virtualOutbound"}));
  EXPECT_EQ((*config.listeners[0])->default_filter_chain->name, "outbound|5432||a.default.svc.cluster.local");
}

TEST(Translate, LeavesUdpAlone) {
  model::Snapshot mesh;
  mesh.mesh.services = {testing::service("dns", testing::port(53, "udp", model::AppProtocol::kUdp), "10.0.0.1")};
  Cache cache;
  const ProxyConfig config = compile(share(mesh), Proxy{.ns = "default"}, cache);
  EXPECT_EQ(config.clusters.size(), 2U) << "the two fallbacks";
  EXPECT_TRUE(config.assignments.empty());
  EXPECT_EQ(names(config.listeners), std::vector<std::string>{"virtualOutbound"});
}

TEST(Translate, TakesAPortThatServicesDescribeDifferentlyForUnknown) {
  model::Snapshot mesh = bookinfo();
  mesh.mesh.services.push_back(testing::service("alias", testing::port(9080, "tcp", model::AppProtocol::kTcp), ""));
  mesh.mesh.services.back().selector = model::Labels{{"app", "reviews"}};
  Cache cache;
  const ProxyConfig config = compile(share(mesh), proxy_of(mesh, "default/reviews-v1"), cache);
  const auto inbound =
      std::ranges::find_if(config.clusters, [](const auto& cluster) { return (*cluster)->name == "inbound|9080||"; });
  EXPECT_EQ((**inbound)->protocol, model::UpstreamProtocol::kSameAsDownstream);
}

TEST(Translate, PutsTheEndpointsOfANamedServiceIntoItsCluster) {
  model::Snapshot mesh;
  mesh.mesh.services = {testing::outside("api.example", testing::http(80), model::Resolution::kDns)};
  mesh.mesh.services[0].selector = model::Labels{{"app", "api"}};
  mesh.mesh.workloads = {testing::workload("api", "v1", 80, 0)};
  mesh.mesh.workloads[0].inbound.clear();
  mesh.mesh.workloads[0].address = "eu.api.example";
  Cache cache;
  const ProxyConfig config = compile(share(mesh), Proxy{.ns = "default"}, cache);
  EXPECT_TRUE(config.assignments.empty());
  const model::Cluster& cluster = **config.clusters.back();
  ASSERT_EQ(cluster.name, "outbound|80||api.example");
  EXPECT_EQ(cluster.assignment->localities[0].endpoints[0].hostname, "eu.api.example");
}

TEST(Translate, LeavesOutTheStepsThatAreSwitchedOff) {
  const model::Snapshot mesh = bookinfo();
  Cache cache;
  StepSwitches off;
  for (size_t position = 0; position < steps().size(); ++position)
    off.set(position, steps()[position].name == "routes");
  const ProxyConfig config = compile(share(mesh), proxy_of(mesh, "default/productpage-v1"), cache, off);
  EXPECT_TRUE(config.route_tables.empty());
  EXPECT_FALSE(config.clusters.empty());
}

TEST(Translate, GivesEveryClusterAndRouteAnOrigin) {
  const model::Snapshot mesh = bookinfo();
  Cache cache;
  Proxy pod = proxy_of(mesh, "old/legacy-v1");
  pod.shares_namespace = true;
  for (const Proxy& proxy : {proxy_of(mesh, "default/reviews-v1"), pod}) {
    const ProxyConfig config = compile(share(mesh), proxy, cache);
    for (const auto& cluster : config.clusters) EXPECT_NE((*cluster)->origin, nullptr) << (*cluster)->name;
    for (const auto& table : config.route_tables) {
      for (const auto& host : (*table)->virtual_hosts) {
        for (const auto& route : host.routes) EXPECT_NE(route.origin, nullptr) << host.name;
      }
    }
  }
}

TEST(Translate, SendsNeitherNamesNorRootsThatNobodyAskedFor) {
  const model::Snapshot mesh = bookinfo();
  Cache cache;
  Proxy proxy = proxy_of(mesh, "default/productpage-v1");
  proxy.dns_capture = false;
  proxy.trusted_roots_pem.clear();
  const ProxyConfig config = compile(share(mesh), proxy, cache);
  EXPECT_TRUE(config.name_tables.empty());
  EXPECT_TRUE(config.secrets.empty());
}

}  // namespace
}  // namespace ripstop::translate
