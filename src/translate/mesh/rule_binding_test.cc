#include "translate/mesh/rule_binding.h"

#include <gtest/gtest.h>

#include "translate/mesh/age.h"
#include "translate/testing/bookinfo.h"

namespace ripstop::translate {
namespace {

model::HttpRoutes named(std::string name, std::string host, std::string ns, std::vector<std::string> export_to = {},
                        int64_t created = 0) {
  model::HttpRoutes made = testing::routes(std::move(host), {}, ns);
  made.export_to = std::move(export_to);
  made.created = created;
  made.origin = testing::origin("VirtualService", ns, std::move(name));
  return made;
}

std::string bound(const std::vector<model::HttpRoutes>& rules, std::string_view host) {
  const auto found = RuleBinding<model::HttpRoutes>(oldest_first(rules), "client").find(host);
  return found ? found->origin->name : "none";
}

TEST(RuleBinding, HearsPrivateRulesThenThoseExportedByNameThenPublicOnes) {
  const auto everyone = named("public", "a.b", "server", {}, 1);
  const auto by_name = named("by-name", "a.b", "server", {"client"}, 2);
  const auto own = named("private", "a.b", "client", {"."}, 3);
  EXPECT_EQ(bound({everyone, by_name, own}, "a.b"), "private");
  EXPECT_EQ(bound({everyone, by_name}, "a.b"), "by-name");
  EXPECT_EQ(bound({everyone}, "a.b"), "public");
}

TEST(RuleBinding, LetsTheOldestClaimAHost) {
  EXPECT_EQ(bound({named("young", "a.b", "x", {}, 9), named("old", "a.b", "y", {}, 3)}, "a.b"), "old");
}

TEST(RuleBinding, BindsWildcardsToWhatNothingMoreSpecificTakes) {
  const std::vector<model::HttpRoutes> rules = {named("all", "*", "x"), named("wide", "*.b", "x"),
                                                named("exact", "a.b", "x")};
  EXPECT_EQ(bound(rules, "a.b"), "exact");
  EXPECT_EQ(bound(rules, "c.b"), "wide");
  EXPECT_EQ(bound(rules, "c.d"), "all");
}

TEST(RuleBinding, IgnoresRulesOfGatewaysAndOfOtherNamespaces) {
  auto of_gateway = named("gateway", "a.b", "client");
  of_gateway.gateways = {"ingress"};
  EXPECT_EQ(bound({of_gateway, named("hidden", "a.b", "server", {"."})}, "a.b"), "none");
}

TEST(ClientScope, AsksForNamespacePortLabelsAndTheMesh) {
  const Client client{.ns = "client", .labels = {{"app", "web"}}};
  EXPECT_TRUE(is_in_scope({}, client, 80));
  EXPECT_TRUE(is_in_scope({.source_labels = {{"app", "web"}}, .source_namespace = "client", .port = 80}, client, 80));
  EXPECT_FALSE(is_in_scope({.source_labels = {{"app", "x"}}, .source_namespace = {}}, client, 80));
  EXPECT_FALSE(is_in_scope({.source_labels = {}, .source_namespace = "other"}, client, 80));
  EXPECT_FALSE(is_in_scope({.source_labels = {}, .source_namespace = {}, .port = 81}, client, 80));
  EXPECT_FALSE(is_in_scope({.source_labels = {}, .source_namespace = {}, .port = {}, .gateways = {"g"}}, client, 80));
}

}  // namespace
}  // namespace ripstop::translate
