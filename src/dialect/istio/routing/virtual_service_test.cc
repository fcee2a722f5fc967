#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dialect/istio/defaults.h"
#include "dialect/testing.h"

namespace ripstop::dialect::istio {
namespace {

using model::MatchKind;
using model::RetryOn;
using testing::briefs;
using testing::compile_text;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using testing::resource_text;
using ::testing::SizeIs;

testing::Outcome compile_vs(const std::string& spec) {
  return compile_text(resource_text("VirtualService", spec));
}

// The only rule of a VirtualService with one http rule whose lines are given, each indented by four.
model::HttpRule only_rule(const std::string& rule) {
  const auto outcome = compile_vs("  hosts: [reviews]\n  http:\n  - name: r\n" + rule);
  EXPECT_THAT(briefs(outcome.findings, model::Severity::kError), IsEmpty());
  if (outcome.mesh.http_routes.size() != 1 || outcome.mesh.http_routes[0].rules.size() != 1) {
    ADD_FAILURE() << "not one rule";
    return {};
  }
  return outcome.mesh.http_routes[0].rules[0];
}

const std::string kRoute = "    route: [{destination: {host: reviews}}]\n";

TEST(VirtualService, HostsAndDestinationsAreFullyQualified) {
  const auto outcome = compile_vs(
      "  hosts: [reviews, Ratings.prod.svc.cluster.local, \"*.example.com\", 10.1.2.3]\n"
      "  gateways: [mesh, edge, istio-system/in]\n  exportTo: [\".\"]\n"
      "  http:\n  - route: [{destination: {host: reviews, subset: v1, port: {number: 9080}}}]\n");
  ASSERT_THAT(outcome.mesh.http_routes, SizeIs(1));
  const model::HttpRoutes& routes = outcome.mesh.http_routes[0];
  EXPECT_THAT(routes.hosts, ElementsAre("reviews.shop.svc.cluster.local", "ratings.prod.svc.cluster.local",
                                        "*.example.com", "10.1.2.3"));
  EXPECT_THAT(routes.gateways, ElementsAre("mesh", "shop/edge", "istio-system/in"));
  EXPECT_THAT(routes.export_to, ElementsAre("."));
  EXPECT_EQ(routes.ns, "shop");
  EXPECT_EQ(routes.on_no_match, model::OnNoMatch::kNotFound);
  EXPECT_EQ(routes.origin->to_string(), "VirtualService shop/it (test.yaml:1)");
  EXPECT_EQ(routes.rules[0].origin->to_string(), "VirtualService shop/it (test.yaml:9, spec.http[0])");
  const auto& forward = std::get<model::ForwardToServices>(routes.rules[0].action);
  ASSERT_THAT(forward.destinations, SizeIs(1));
  EXPECT_EQ(forward.destinations[0].destination,
            (model::Destination{"reviews.shop.svc.cluster.local", "v1", uint16_t{9080}}));
}

TEST(VirtualService, EveryVersionIsRead) {
  for (const std::string version : {"v1", "v1beta1", "v1alpha3"}) {
    const auto outcome = compile_text("apiVersion: networking.istio.io/" + version +
                                      "\nkind: VirtualService\nmetadata: {name: it}\nspec:\n"
                                      "  hosts: [a]\n  http: [{route: [{destination: {host: a}}]}]\n");
    EXPECT_THAT(outcome.mesh.http_routes, SizeIs(1)) << version;
  }
}

TEST(VirtualService, WeightsFollowIstiosRules) {
  struct Case {
    std::string name;
    std::string weights;  // one destination per word, "-" without a weight
    std::vector<uint32_t> kept;
  };
  const std::vector<Case> table = {{"a split", "75 25", {75, 25}},
                                   {"sums other than 100", "1 2", {1, 2}},
                                   {"a single destination ignores its weight", "0", {1}},
                                   {"a single destination without one", "-", {1}},
                                   {"zero is dropped beside others", "0 100 0", {100}},
                                   {"no weight counts as zero", "- 100", {100}}};
  for (const Case& one : table) {
    std::string rule = "    route:\n";
    for (std::stringstream words(one.weights); words;) {
      std::string word;
      if (!(words >> word)) break;
      rule += "    - destination: {host: reviews}\n" + (word == "-" ? "" : "      weight: " + word + "\n");
    }
    std::vector<uint32_t> kept;
    for (const auto& destination : std::get<model::ForwardToServices>(only_rule(rule).action).destinations) {
      kept.push_back(destination.weight);
    }
    EXPECT_EQ(kept, one.kept) << one.name;
  }
}

TEST(VirtualService, MatchesAreTranslated) {
  const model::HttpRule rule = only_rule(
      "    match:\n"
      "    - uri: {prefix: /foo}\n      ignoreUriCase: true\n      method: {exact: GET}\n      scheme: {exact: https}\n"
      "      authority: {prefix: shop}\n      port: 80\n      sourceNamespace: web\n      gateways: [mesh]\n"
      "      sourceLabels: {app: front}\n      name: first\n"
      "      headers:\n        End-User: {exact: jason}\n        x-any: {}\n        x-star: {regex: \"*\"}\n"
      "      withoutHeaders:\n        x-bad: {prefix: b}\n        x-none: {}\n"
      "      queryParams: {q: {regex: a+}, p: {}}\n"
      "    - uri: {regex: \"/v[12]/.*\"}\n" +
      kRoute);
  ASSERT_THAT(rule.conditions, SizeIs(2));
  const auto& [match, scope] = rule.conditions[0];
  EXPECT_EQ(match.path, (model::StringMatch{MatchKind::kPrefix, "/foo", true}));
  EXPECT_EQ(match.method, (model::StringMatch{MatchKind::kExact, "GET"}));
  EXPECT_EQ(match.scheme, (model::StringMatch{MatchKind::kExact, "https"}));
  EXPECT_EQ(match.authority, (model::StringMatch{MatchKind::kPrefix, "shop"}));
  EXPECT_THAT(match.headers, ElementsAre(model::HeaderMatch{"end-user", {MatchKind::kExact, "jason"}},
                                         model::HeaderMatch{"x-any", {MatchKind::kPresent, ""}},
                                         model::HeaderMatch{"x-star", {MatchKind::kPresent, ""}},
                                         model::HeaderMatch{"x-bad", {MatchKind::kPrefix, "b"}, true, true},
                                         model::HeaderMatch{"x-none", {MatchKind::kPresent, ""}, true, false}));
  EXPECT_THAT(match.query, ElementsAre(model::QueryMatch{"q", {MatchKind::kRegex, "a+"}},
                                       model::QueryMatch{"p", {MatchKind::kPresent, ""}}));
  EXPECT_EQ(scope.port, 80);
  EXPECT_EQ(scope.source_namespace, "web");
  EXPECT_EQ(scope.source_labels, (model::Labels{{"app", "front"}}));
  EXPECT_THAT(scope.gateways, ElementsAre("mesh"));
  EXPECT_EQ(rule.conditions[1].match.path, (model::StringMatch{MatchKind::kRegex, "/v[12]/.*"}));
}

TEST(VirtualService, ARuleWithoutRetriesGetsIstiosDefault) {
  const model::HttpRule rule = only_rule(kRoute);
  const model::Forward& settings = std::get<model::ForwardToServices>(rule.action).settings;
  ASSERT_TRUE(settings.retry);
  EXPECT_EQ(settings.retry->retries, 2U);
  EXPECT_TRUE(settings.retry->avoid_previous_hosts);
  EXPECT_EQ(settings.retry->host_selection_attempts, 5U);
  EXPECT_EQ(settings.retry->on, RetryOn::kConnectFailure | RetryOn::kRefusedStream | RetryOn::kGrpcUnavailable |
                                    RetryOn::kGrpcCancelled | RetryOn::kRetriableStatusCodes);
  EXPECT_THAT(settings.retry->status_codes, IsEmpty());
  EXPECT_FALSE(settings.timeout);
}

TEST(VirtualService, RetriesAreTranslated) {
  const model::HttpRule rule = only_rule(
      "    timeout: 1m30s\n    retries:\n      attempts: 3\n      perTryTimeout: 1.5s\n      backoff: 100ms\n"
      "      retryOn: 5xx, 409,connect-failure\n      retryIgnorePreviousHosts: false\n" +
      kRoute);
  const model::Forward& settings = std::get<model::ForwardToServices>(rule.action).settings;
  EXPECT_EQ(settings.timeout, std::chrono::seconds(90));
  EXPECT_EQ(settings.retry->retries, 3U);
  EXPECT_EQ(settings.retry->on, RetryOn::k5xx | RetryOn::kConnectFailure | RetryOn::kRetriableStatusCodes);
  EXPECT_THAT(settings.retry->status_codes, ElementsAre(409));
  EXPECT_EQ(settings.retry->per_try_timeout, std::chrono::milliseconds(1500));
  EXPECT_EQ(settings.retry->base_interval, std::chrono::milliseconds(100));
  EXPECT_EQ(settings.retry->max_interval, std::chrono::seconds(1));
  EXPECT_FALSE(settings.retry->avoid_previous_hosts);
  const model::HttpRule off = only_rule("    retries: {attempts: 0}\n" + kRoute);
  EXPECT_EQ(std::get<model::ForwardToServices>(off.action).settings.retry->retries, 0U);
}

TEST(VirtualService, ARetryConditionWithoutEffectIsSaidToBeOne) {
  const auto outcome = compile_text(resource_text("VirtualService",
                                                  "  hosts: [a]\n  http:\n  - route: [{destination: {host: a}}]\n"
                                                  "    retries: {attempts: 2, retryOn: \"5xx,retriable-headers\"}\n"));
  EXPECT_THAT(briefs(outcome.findings, model::Severity::kWarning),
              ElementsAre("W istio/no-effect 8:37 spec.http[0].retries.retryOn"));
}

TEST(VirtualService, FaultsAndMirrorsHaveDifferentDefaultShares) {
  const model::HttpRule rule = only_rule(
      "    fault:\n      delay: {fixedDelay: 7s, percentage: {value: 12.5}}\n      abort: {httpStatus: 500}\n"
      "    mirrors:\n    - destination: {host: a}\n    - destination: {host: b}\n      percentage: {value: 0.1}\n"
      "    - destination: {host: c}\n      percentage: {value: 0}\n" +
      kRoute);
  EXPECT_EQ(rule.fault, (model::Fault{125'000, std::chrono::seconds(7), 0, 500}));
  const auto& mirrors = std::get<model::ForwardToServices>(rule.action).mirrors;
  ASSERT_THAT(mirrors, SizeIs(2));
  EXPECT_EQ(mirrors[0].per_million, 1'000'000U);
  EXPECT_EQ(mirrors[1].per_million, 1000U);
  EXPECT_EQ(mirrors[1].destination.host, "b.shop.svc.cluster.local");
  const model::HttpRule single = only_rule("    mirror: {host: a}\n    mirrorPercentage: {value: 50}\n" + kRoute);
  EXPECT_EQ(std::get<model::ForwardToServices>(single.action).mirrors[0].per_million, 500'000U);
}

TEST(VirtualService, HeadersAreEditedAndTheAuthorityIsRewritten) {
  const model::HttpRule rule = only_rule(
      "    headers:\n      request: {set: {X-A: \"1\", Host: other.com}, add: {x-b: \"2\"}, remove: [x-c]}\n"
      "      response: {set: {x-d: \"3\"}}\n    rewrite: {uri: /new}\n    route:\n"
      "    - destination: {host: a}\n      weight: 1\n      headers: {request: {set: {\":authority\": one.com}}}\n"
      "    - destination: {host: b}\n      weight: 1\n");
  EXPECT_EQ(rule.request_headers, (model::HeaderEdits{{"x-c"}, {{"x-a", "1"}}, {{"x-b", "2"}}}));
  EXPECT_EQ(rule.response_headers, (model::HeaderEdits{{}, {{"x-d", "3"}}, {}}));
  const auto& forward = std::get<model::ForwardToServices>(rule.action);
  EXPECT_EQ(forward.settings.host_rewrite, "other.com");
  EXPECT_EQ(forward.settings.prefix_rewrite, "/new");
  EXPECT_EQ(forward.destinations[0].host_rewrite, "one.com");
  EXPECT_TRUE(forward.destinations[0].request_headers.is_empty());
  EXPECT_EQ(forward.destinations[1].host_rewrite, "");
}

TEST(VirtualService, RedirectsAndDirectResponsesAreTranslated) {
  const model::HttpRule redirect =
      only_rule("    redirect: {uri: /new, authority: a.com, port: 8080, scheme: https}\n");
  model::Redirect expected{.status = 301, .scheme = "https", .host = "a.com", .port = uint16_t{8080}, .path = "/new"};
  EXPECT_EQ(std::get<model::Redirect>(redirect.action), expected);
  const model::HttpRule moved = only_rule("    redirect: {prefixRewrite: /v2, redirectCode: 307}\n");
  EXPECT_EQ(std::get<model::Redirect>(moved.action), (model::Redirect{.status = 307, .prefix_rewrite = "/v2"}));
  const model::HttpRule direct = only_rule("    directResponse: {status: 503, body: {string: closed}}\n");
  EXPECT_EQ(std::get<model::DirectResponse>(direct.action), (model::DirectResponse{503, "closed"}));
  const model::HttpRule bytes = only_rule("    directResponse: {status: 200, body: {bytes: aGk=}}\n");
  EXPECT_EQ(std::get<model::DirectResponse>(bytes.action), (model::DirectResponse{200, "hi"}));
}

TEST(VirtualService, TlsAndTcpRulesBecomeL4Routes) {
  const auto outcome = compile_vs(
      "  hosts: [\"*.db.com\"]\n  tls:\n  - match:\n    - sniHosts: [A.db.com]\n      port: 443\n"
      "      destinationSubnets: [10.0.0.0/8]\n    route: [{destination: {host: db}, weight: 100}]\n"
      "  tcp:\n  - route:\n    - {destination: {host: db}, weight: 20}\n    - {destination: {host: db2}, weight: "
      "80}\n");
  EXPECT_THAT(briefs(outcome.findings, model::Severity::kError), IsEmpty());
  EXPECT_THAT(outcome.mesh.http_routes, IsEmpty());
  ASSERT_THAT(outcome.mesh.l4_routes, SizeIs(1));
  const auto& rules = outcome.mesh.l4_routes[0].rules;
  ASSERT_THAT(rules, SizeIs(2));
  EXPECT_TRUE(rules[0].is_tls);
  EXPECT_THAT(rules[0].conditions[0].server_names, ElementsAre("a.db.com"));
  EXPECT_EQ(rules[0].conditions[0].destinations[0].to_string(), "10.0.0.0/8");
  EXPECT_EQ(rules[0].conditions[0].scope.port, 443);
  EXPECT_FALSE(rules[1].is_tls);
  EXPECT_THAT(rules[1].conditions, IsEmpty());
  EXPECT_EQ(rules[1].destinations[1].weight, 80U);
}

TEST(VirtualService, RulesBehindACatchAllAreDropped) {
  const std::string route = ", route: [{destination: {host: a}}]}\n";
  const std::string bare = "  - {route: [{destination: {host: a}}]}\n";
  struct Case {
    std::string first;
    size_t kept;
  };
  for (const auto& [first, kept] : std::vector<Case>{{bare, 1},
                                                     {"  - {match: [{uri: {prefix: /}}]" + route, 1},
                                                     {"  - {match: [{uri: {regex: \".*\"}}]" + route, 1},
                                                     {"  - {match: [{uri: {prefix: /a}}]" + route, 2},
                                                     {"  - {match: [{port: 80}]" + route, 2},
                                                     {"  - {match: [{headers: {a: {}}}]" + route, 2}}) {
    const auto outcome = compile_vs("  hosts: [a]\n  http:\n" + first + bare);
    EXPECT_THAT(outcome.mesh.http_routes[0].rules, SizeIs(kept)) << first;
    const bool warned = !briefs(outcome.findings, model::Severity::kWarning).empty();
    EXPECT_EQ(warned, kept == 1) << first;
  }
}

TEST(VirtualService, WhatCannotBeTestedYetTakesNoRequest) {
  const auto outcome = compile_vs(
      "  hosts: [a]\n  http:\n"
      "  - match: [{headers: {\"@request.auth.claims.group\": {exact: admin}}}]\n"
      "    route: [{destination: {host: admin}}]\n"
      "  - delegate: {name: other, namespace: x}\n"
      "  - route: [{destination: {host: a}}]\n    corsPolicy: {allowOrigins: [{exact: b}]}\n");
  EXPECT_THAT(briefs(outcome.findings, model::Severity::kWarning),
              ElementsAre("W istio/not-honoured 7:24 spec.http[0].match[0].headers.@request.auth.claims.group",
                          "W istio/not-honoured 9:15 spec.http[1].delegate",
                          "W istio/not-honoured 11:5 spec.http[2].corsPolicy"));
  ASSERT_THAT(outcome.mesh.http_routes[0].rules, SizeIs(1));
  EXPECT_EQ(outcome.mesh.http_routes[0].rules[0].origin->field, "spec.http[2]");
}

TEST(VirtualService, ADelegateWithoutHostsContributesNothing) {
  const auto outcome = compile_vs("  http: [{route: [{destination: {host: a}}]}]\n");
  EXPECT_THAT(outcome.mesh.http_routes, IsEmpty());
  EXPECT_THAT(briefs(outcome.findings, model::Severity::kWarning), ElementsAre("W istio/not-honoured 5:3 spec"));
}

}  // namespace
}  // namespace ripstop::dialect::istio
