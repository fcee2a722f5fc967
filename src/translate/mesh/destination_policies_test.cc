#include "translate/mesh/destination_policies.h"

#include <gtest/gtest.h>

#include "translate/mesh/age.h"
#include "translate/testing/bookinfo.h"

namespace ripstop::translate {
namespace {

using testing::policy;

const std::string kHost = testing::host_of("reviews", "server");

model::Service reviews() {
  return testing::service("reviews", testing::http(9080), "10.0.0.1", "server");
}

DestinationPolicyRef find(const std::vector<model::DestinationPolicy>& policies, const model::Labels& labels = {}) {
  return DestinationPolicies(oldest_first(policies), "istio-system")
      .find({.ns = "client", .labels = labels}, reviews());
}

// By which namespace and host the winner is known.
std::string winner(const std::vector<model::DestinationPolicy>& policies) {
  const DestinationPolicyRef found = find(policies);
  return found ? found->ns + " " + found->host : "none";
}

TEST(DestinationPolicies, LookInTheClientsNamespaceThenTheServicesThenTheRoot) {
  const auto client = policy(kHost, "client");
  const auto server = policy(kHost, "server");
  const auto root = policy(kHost, "istio-system");
  const auto elsewhere = policy(kHost, "elsewhere");
  EXPECT_EQ(winner({elsewhere, root, server, client}), "client " + kHost);
  EXPECT_EQ(winner({elsewhere, root, server}), "server " + kHost);
  EXPECT_EQ(winner({elsewhere, root}), "istio-system " + kHost);
  EXPECT_EQ(winner({elsewhere}), "none");
}

TEST(DestinationPolicies, LetTheMostSpecificHostOfANamespaceWin) {
  EXPECT_EQ(winner({policy("*", "client"), policy("*.svc.cluster.local", "client"),
                    policy("*.server.svc.cluster.local", "client")}),
            "client *.server.svc.cluster.local");
  EXPECT_EQ(winner({policy("*.local", "client"), policy(kHost, "server")}), "client *.local")
      << "the namespace is decided before the host";
}

TEST(DestinationPolicies, ApplyOnlyWhereTheyAreExported) {
  auto hidden = policy(kHost, "server");
  hidden.export_to = {"."};
  EXPECT_EQ(winner({hidden}), "none");
  hidden.export_to = {"client"};
  EXPECT_EQ(winner({hidden}), "server " + kHost);
}

TEST(DestinationPolicies, PreferOneThatSelectsTheClientInItsOwnNamespace) {
  auto selecting = policy(kHost, "client");
  selecting.client_selector = model::Labels{{"app", "web"}};
  selecting.policy.min_health_percent = 7;
  const auto for_all = policy(kHost, "client");
  EXPECT_EQ(find({for_all, selecting}, {{"app", "web"}})->policy.min_health_percent, 7U);
  EXPECT_EQ(find({for_all, selecting}, {{"app", "x"}})->policy.min_health_percent, std::nullopt);
  selecting.ns = "server";
  EXPECT_EQ(find({selecting}, {{"app", "web"}}), nullptr);
}

TEST(DestinationPolicies, JoinSubsetsOfOneHostAndTakeTheFirstTrafficPolicy) {
  auto first = policy(kHost, "server");
  first.created = 1;
  first.subsets = {testing::subset("v1")};
  auto second = policy(kHost, "server");
  second.created = 2;
  second.policy.load_balancer = model::LoadBalancer::kRandom;
  second.subsets = {testing::subset("v1"), testing::subset("v2")};
  second.subsets[0].labels = {{"version", "impostor"}};
  auto third = policy(kHost, "server");
  third.created = 3;
  third.policy.load_balancer = model::LoadBalancer::kRoundRobin;

  const DestinationPolicyRef joined = find({third, second, first});
  ASSERT_EQ(joined->subsets.size(), 2U);
  EXPECT_EQ(joined->subsets[0].labels.at("version"), "v1");
  EXPECT_EQ(joined->subsets[1].name, "v2");
  EXPECT_EQ(joined->policy.load_balancer, model::LoadBalancer::kRandom);
}

TEST(EffectivePolicy, LetsASubsetsPartsOverrideTheHosts) {
  auto rule = policy(kHost);
  rule.policy.load_balancer = model::LoadBalancer::kRandom;
  rule.policy.outlier = model::OutlierDetection{.consecutive_5xx = 3};
  rule.subsets = {testing::subset("v1")};
  rule.subsets[0].policy.load_balancer = model::LoadBalancer::kRoundRobin;
  const auto effective = effective_policy(&rule, &rule.subsets[0], 80);
  EXPECT_EQ(effective.load_balancer, model::LoadBalancer::kRoundRobin);
  EXPECT_EQ(effective.outlier->consecutive_5xx, 3U);
}

TEST(EffectivePolicy, LetsAPortReplaceEveryPartOfItsLevel) {
  auto rule = policy(kHost);
  rule.policy.load_balancer = model::LoadBalancer::kRandom;
  rule.policy.outlier = model::OutlierDetection{};
  rule.port_policies[80].connection_pool = model::ConnectionPool{.max_requests = 5};
  const auto effective = effective_policy(&rule, nullptr, 80);
  EXPECT_EQ(effective.load_balancer, std::nullopt);
  EXPECT_EQ(effective.outlier, std::nullopt);
  EXPECT_EQ(effective.connection_pool->max_requests, 5U);
  EXPECT_EQ(effective_policy(&rule, nullptr, 81).load_balancer, model::LoadBalancer::kRandom);
}

TEST(EffectivePolicy, LetsAPortOfASubsetReplaceWhatTheHostSaid) {
  auto rule = policy(kHost);
  rule.policy.tls = model::ClientTls{.mode = model::ClientTlsMode::kSimple};
  rule.subsets = {testing::subset("v1")};
  rule.subsets[0].port_policies[80].load_balancer = model::LoadBalancer::kRandom;
  const auto effective = effective_policy(&rule, &rule.subsets[0], 80);
  EXPECT_EQ(effective.tls, std::nullopt);
  EXPECT_EQ(effective.load_balancer, model::LoadBalancer::kRandom);
}

}  // namespace
}  // namespace ripstop::translate
