#include "translate/pass/route_pass.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "translate/testing/bookinfo.h"

namespace ripstop::translate {
namespace {

using ::testing::ElementsAre;
using testing::host_of;
using testing::rule;
using testing::to;

RoutedHost reviews(std::vector<model::HttpRule> rules = {}) {
  RoutedHost host{
      .host = host_of("reviews"), .name = "reviews", .ns = "default", .addresses = {testing::ip("10.0.0.1")}};
  host.origin = testing::origin("Service", "default", "reviews");
  if (!rules.empty()) {
    host.rules = std::make_shared<const model::HttpRoutes>(testing::routes(host.host, std::move(rules)));
  }
  return host;
}

RouteInput input(std::vector<RoutedHost> hosts, std::string client_ns = "default") {
  return {.port = 9080, .client = {.ns = std::move(client_ns)}, .hosts = std::move(hosts), .only_ports = {}};
}

// "cluster" or "cluster x weight, …" of each route of the first virtual host.
std::vector<std::string> targets(const RouteInput& input) {
  std::vector<std::string> all;
  for (const model::Route& route : make_route_table(input).virtual_hosts.front().routes) {
    std::string target;
    const auto* forward = std::get_if<model::Forward>(&route.action);
    if (forward == nullptr) target = "no cluster";
    for (size_t index = 0; forward != nullptr && index < forward->clusters.size(); ++index) {
      target += (index == 0 ? "" : ", ") + forward->clusters[index].cluster;
      if (forward->clusters.size() > 1) target += " x" + std::to_string(forward->clusters[index].weight);
    }
    all.push_back(target);
  }
  return all;
}

model::RouteMatch prefix(std::string path) {
  model::RouteMatch match;
  match.path.text = std::move(path);
  return match;
}

TEST(RoutePass, GivesAServiceAllItsNames) {
  const auto table = make_route_table(input({reviews()}));
  EXPECT_EQ(table.name, "9080");
  const std::string host = host_of("reviews");
  EXPECT_THAT(table.virtual_hosts[0].domains,
              ElementsAre(host, host + ":9080", host + ".", host + ".:9080", "reviews", "reviews:9080",
                          "reviews.default", "reviews.default:9080", "reviews.default.svc", "reviews.default.svc:9080",
                          "10.0.0.1", "10.0.0.1:9080"));
}

TEST(RoutePass, KeepsTheBareShortNameForTheOwnNamespace) {
  const auto table = make_route_table(input({reviews()}, "elsewhere"));
  EXPECT_THAT(table.virtual_hosts[0].domains, ::testing::Not(::testing::Contains("reviews")));
  EXPECT_THAT(table.virtual_hosts[0].domains, ::testing::Contains("reviews.default"));
}

TEST(RoutePass, PutsAnIpv6AddressInBrackets) {
  RoutedHost host = reviews();
  host.addresses = {testing::ip("2001:2::7")};
  const auto table = make_route_table(input({host}));
  EXPECT_THAT(table.virtual_hosts[0].domains, ::testing::IsSupersetOf({"[2001:2::7]", "[2001:2::7]:9080"}));
}

TEST(RoutePass, NeverGivesADomainToTwoHostsAndPrefersFullNames) {
  // An outside host that is called as the short form of a service of the mesh.
  const RoutedHost outside{.host = "reviews.default", .name = {}, .ns = "x"};
  const auto table = make_route_table(input({reviews(), outside}));
  std::vector<std::string> domains;
  for (const auto& host : table.virtual_hosts) domains.insert(domains.end(), host.domains.begin(), host.domains.end());
  std::ranges::sort(domains);
  EXPECT_EQ(std::ranges::adjacent_find(domains), domains.end());
  EXPECT_THAT(table.virtual_hosts[1].domains, ::testing::Contains("reviews.default"));
}

TEST(RoutePass, SendsAHostWithoutRulesToItsService) {
  const auto table = make_route_table(input({reviews()}));
  const auto& host = table.virtual_hosts[0];
  EXPECT_THAT(targets(input({reviews()})), ElementsAre("outbound|9080||" + host_of("reviews")));
  EXPECT_EQ(std::get<model::Forward>(host.routes[0].action).timeout, std::nullopt);
  EXPECT_EQ(host.routes[0].origin->name, "reviews");
  EXPECT_TRUE(host.include_attempt_count);
  ASSERT_TRUE(host.retry);
  EXPECT_EQ(host.retry->retries, 2U);
  EXPECT_EQ(host.retry->host_selection_attempts, 5U);
  EXPECT_TRUE(host.retry->avoid_previous_hosts);
  EXPECT_TRUE(model::has(host.retry->on, model::RetryOn::kConnectFailure));
  EXPECT_FALSE(model::has(host.retry->on, model::RetryOn::k5xx));
}

TEST(RoutePass, SplitsByWeightAndLeavesOutWhatHasNone) {
  const std::string host = host_of("reviews");
  EXPECT_THAT(targets(input({reviews({rule({to(host, "v1", 75), to(host, "v2", 25), to(host, "v3", 0)})})})),
              ElementsAre("outbound|9080|v1|" + host + " x75, outbound|9080|v2|" + host + " x25"));
  EXPECT_THAT(targets(input({reviews({rule({to(host, "v1", 0)})})})), ElementsAre("outbound|9080|v1|" + host))
      << "a single destination needs no weight";
}

TEST(RoutePass, TriesConditionsInOrderAndStopsAtOneThatTakesEverything) {
  model::HttpRule two_ways = rule(prefix("/a"), {to("a")});
  two_ways.conditions.push_back({prefix("/b"), {}});
  EXPECT_THAT(targets(input({reviews({two_ways, rule(prefix("/"), {to("all")}), rule(prefix("/c"), {to("never")})})})),
              ElementsAre("outbound|9080||a", "outbound|9080||a", "outbound|9080||all"));
}

TEST(RoutePass, DoesNotTakeAPrefixWithAHeaderForEverything) {
  EXPECT_THAT(targets(input({reviews({rule(testing::user("jason"), {to("a")}), rule({to("b")})})})),
              ElementsAre("outbound|9080||a", "outbound|9080||b"));
}

TEST(RoutePass, DecidesConditionsOnTheClientHere) {
  const model::ClientScope other{.source_labels = {}, .source_namespace = "other"};
  const model::ClientScope other_port{.source_labels = {}, .source_namespace = {}, .port = 1};
  EXPECT_THAT(targets(input({reviews({rule({}, {to("a")}, other), rule({}, {to("b")}, other_port), rule({to("c")})})})),
              ElementsAre("outbound|9080||c"));
}

TEST(RoutePass, FallsThroughToTheServiceOnlyWhereTheRulesSaySo) {
  RoutedHost host = reviews({rule(prefix("/a"), {to("a")})});
  EXPECT_THAT(targets(input({host})), ElementsAre("outbound|9080||a"));
  auto falling = *host.rules;
  falling.on_no_match = model::OnNoMatch::kToService;
  host.rules = std::make_shared<const model::HttpRoutes>(falling);
  EXPECT_THAT(targets(input({host})), ElementsAre("outbound|9080||a", "outbound|9080||" + host_of("reviews")));
}

TEST(RoutePass, MeansAServicesOnlyPortWhenARuleNamesNone) {
  RouteInput one = input({reviews({rule({to("single"), to("many")})})});
  one.only_ports = {{"single", 8000}};
  EXPECT_THAT(targets(one), ElementsAre("outbound|8000||single x1, outbound|9080||many x1"));
}

TEST(RoutePass, KeepsWhatARuleSaysBesideItsDestinations) {
  model::HttpRule written = rule({to("a")});
  written.name = "canary";
  written.request_headers.set = {{"x-a", "1"}};
  written.fault = model::Fault{.abort_per_million = 5, .abort_status = 503};
  auto& forward = std::get<model::ForwardToServices>(written.action);
  forward.settings.timeout = std::chrono::seconds(3);
  forward.settings.retry = model::RetryPolicy{.retries = 0};
  forward.mirrors = {{.destination = {.host = "shadow"}, .per_million = 1000},
                     {.destination = {.host = "none"}, .per_million = 0}};
  const auto table = make_route_table(input({reviews({written})}));
  const model::Route& route = table.virtual_hosts[0].routes[0];
  const auto& action = std::get<model::Forward>(route.action);
  EXPECT_EQ(route.name, "canary");
  EXPECT_EQ(route.request_headers.set[0].name, "x-a");
  EXPECT_EQ(route.fault->abort_status, 503);
  EXPECT_EQ(action.timeout, std::chrono::seconds(3));
  EXPECT_EQ(action.retry->retries, 0U);
  ASSERT_EQ(action.mirrors.size(), 1U);
  EXPECT_EQ(action.mirrors[0].cluster, "outbound|9080||shadow");
}

TEST(RoutePass, LetsADestinationRewriteTheHost) {
  auto destination = to("a");
  destination.host_rewrite = "inner.example";
  const auto table = make_route_table(input({reviews({rule({destination})})}));
  const auto& forward = std::get<model::Forward>(table.virtual_hosts[0].routes[0].action);
  EXPECT_EQ(forward.clusters[0].host_rewrite, "inner.example");
}

TEST(RoutePass, LetsUnknownHostsThroughOrRefusesThem) {
  RouteInput one = input({reviews()});
  const auto open = make_route_table(one).virtual_hosts.back();
  EXPECT_EQ(open.name, "allow_any");
  EXPECT_EQ(std::get<model::Forward>(open.routes[0].action).clusters[0].cluster, "PassthroughCluster");
  one.registry_only = true;
  const auto closed = make_route_table(one).virtual_hosts.back();
  EXPECT_EQ(closed.name, "block_all");
  EXPECT_EQ(std::get<model::DirectResponse>(closed.routes[0].action).status, 502);
}

TEST(RoutePass, LetsAHostForEverythingStandForUnknownOnes) {
  const auto table = make_route_table(input({{.host = "*", .name = {}, .ns = "x"}}));
  ASSERT_EQ(table.virtual_hosts.size(), 1U);
  EXPECT_THAT(table.virtual_hosts[0].domains, ElementsAre("*"));
}

}  // namespace
}  // namespace ripstop::translate
