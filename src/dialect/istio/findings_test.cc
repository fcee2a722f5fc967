// What is wrong in a resource, with the exact line, column and field. The spec starts in line 5 of each text.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dialect/istio/fields.h"
#include "dialect/testing.h"

namespace ripstop::dialect::istio {
namespace {

using testing::briefs;
using testing::compile_text;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using testing::resource_text;

struct Case {
  std::string spec;
  std::vector<std::string> errors;
};

void expect_errors(const std::string& kind, const std::vector<Case>& table) {
  for (const Case& one : table) {
    const auto outcome = compile_text(resource_text(kind, one.spec));
    EXPECT_THAT(briefs(outcome.findings, model::Severity::kError), ElementsAreArray(one.errors)) << one.spec;
    EXPECT_THAT(outcome.refused, ElementsAre(!one.errors.empty())) << one.spec;
    for (const model::Finding& finding : outcome.findings) {
      EXPECT_TRUE(finding.message.ends_with('.')) << finding.message;
      if (finding.severity != model::Severity::kNote) EXPECT_FALSE(finding.remedy.empty()) << finding.message;
    }
  }
}

// A VirtualService for host a whose only rule has these lines, the first of which is line 7 and starts in column 5.
Case rule(const std::string& lines, std::vector<std::string> errors) {
  return {"  hosts: [a]\n  http:\n  - " + lines + "\n", std::move(errors)};
}

const std::string kRoute = "route: [{destination: {host: a}}]";

TEST(Findings, OfHttpRules) {
  expect_errors(
      "VirtualService",
      {
          rule("route: [{destination: {host: a}, weight: -1}]",
               {"E istio/out-of-range 7:46 spec.http[0].route[0].weight"}),
          rule("route: [{destination: {host: a}, weight: \"75\"}]",
               {"E istio/wrong-type 7:46 spec.http[0].route[0].weight"}),
          rule("route: [{destination: {host: a}}, {destination: {host: b}}]",
               {"E istio/bad-weight 7:12 spec.http[0].route"}),
          rule("route: [{destination: {hots: a}}]",
               {"E istio/missing-field 7:27 spec.http[0].route[0].destination.host",
                "E istio/unknown-field 7:28 spec.http[0].route[0].destination.hots"}),
          rule("route: [{weight: 1}]", {"E istio/missing-field 7:13 spec.http[0].route[0].destination"}),
          rule("route: []", {"E istio/missing-field 7:12 spec.http[0].route"}),
          rule("name: x", {"E istio/missing-field 7:5 spec.http[0]"}),
          rule("route: [{destination: {host: a_b, port: {number: 0}, subset: V}}]",
               {"E istio/bad-host 7:34 spec.http[0].route[0].destination.host",
                "E istio/bad-port 7:54 spec.http[0].route[0].destination.port.number",
                "E istio/bad-value 7:66 spec.http[0].route[0].destination.subset"}),
          rule(kRoute + "\n    redirect: {uri: /x}", {"E istio/conflicting-fields 7:12 spec.http[0].route"}),
          rule("redirect: {}", {"E istio/missing-field 7:15 spec.http[0].redirect"}),
          rule("redirect: {uri: /x, redirectCode: 304}", {"E istio/bad-value 7:39 spec.http[0].redirect.redirectCode"}),
          rule("directResponse: {status: 42}", {"E istio/out-of-range 7:30 spec.http[0].directResponse.status"}),
          rule(kRoute + "\n    timeout: 10", {"E istio/wrong-type 8:14 spec.http[0].timeout"}),
          rule(kRoute + "\n    timeout: 10 s", {"E istio/bad-duration 8:14 spec.http[0].timeout"}),
          rule(kRoute + "\n    timeout: 10us", {"E istio/bad-duration 8:14 spec.http[0].timeout"}),
          rule(kRoute + "\n    retries: {attempts: -1, retryOn: 5xy}",
               {"E istio/conflicting-fields 8:14 spec.http[0].retries",
                "E istio/out-of-range 8:25 spec.http[0].retries.attempts",
                "E istio/bad-value 8:38 spec.http[0].retries.retryOn"}),
          rule(kRoute + "\n    fault: {}", {"E istio/missing-field 8:12 spec.http[0].fault"}),
          rule(kRoute + "\n    fault: {abort: {httpStatus: 99, percentage: {value: 101}}}",
               {"E istio/out-of-range 8:33 spec.http[0].fault.abort.httpStatus",
                "E istio/out-of-range 8:57 spec.http[0].fault.abort.percentage.value"}),
          rule(kRoute + "\n    rewrite: {}", {"E istio/missing-field 8:14 spec.http[0].rewrite"}),
          rule(kRoute + "\n    rewrite: {uriRegexRewrite: {match: \"(\", rewrite: x}}",
               {"E istio/bad-regex 8:40 spec.http[0].rewrite.uriRegexRewrite.match"}),
          rule(kRoute + "\n    mirror: {host: b}\n    mirrors: [{destination: {host: c}}]",
               {"E istio/conflicting-fields 9:14 spec.http[0].mirrors"}),
          rule(kRoute + "\n    headers: {request: {set: {\":path\": /}}, response: {add: {\"a b\": c}}}",
               {"E istio/bad-header-name 8:31 spec.http[0].headers.request.set.:path",
                "E istio/bad-header-name 8:62 spec.http[0].headers.response.add.a b"}),
      });
}

TEST(Findings, OfMatches) {
  expect_errors("VirtualService",
                {
                    rule("match: [{uri: {regex: \"a(?=b)\"}}]\n    " + kRoute,
                         {"E istio/bad-regex 7:27 spec.http[0].match[0].uri.regex"}),
                    rule("match: [{uri: {exact: a, prefix: b}}]\n    " + kRoute,
                         {"E istio/conflicting-fields 7:19 spec.http[0].match[0].uri"}),
                    rule("match: [{method: {prefix: \"\"}}]\n    " + kRoute,
                         {"E istio/bad-value 7:31 spec.http[0].match[0].method.prefix"}),
                    rule("match: [{headers: {\"a b\": {exact: x}}}]\n    " + kRoute,
                         {"E istio/bad-header-name 7:24 spec.http[0].match[0].headers.a b"}),
                    rule("match: [{headers: {a: x}}]\n    " + kRoute,
                         {"E istio/wrong-type 7:27 spec.http[0].match[0].headers.a"}),
                    rule("match: [{port: 70000}]\n    " + kRoute, {"E istio/bad-port 7:20 spec.http[0].match[0].port"}),
                    rule("match: [~]\n    " + kRoute, {"E istio/wrong-type 7:13 spec.http[0].match[0]"}),
                    rule("match: {uri: {exact: a}}\n    " + kRoute, {"E istio/wrong-type 7:12 spec.http[0].match"}),
                    rule("match: [{sourceLabels: {app: \"a b\"}}]\n    " + kRoute,
                         {"E istio/bad-label 7:34 spec.http[0].match[0].sourceLabels.app"}),
                    rule("match: [{uri: {prefix: \"\"}}]\n    " + kRoute, {}),
                });
}

TEST(Findings, OfVirtualServices) {
  const std::string http = "  http: [{route: [{destination: {host: a}}]}]\n";
  expect_errors(
      "VirtualService",
      {
          {"  hosts: [a]\n", {"E istio/missing-field 5:3 spec"}},
          {"  hosts: [a]\n  http: []\n", {"E istio/missing-field 5:3 spec"}},
          {"  hosts: [\"*\"]\n" + http, {"E istio/bad-host 5:11 spec.hosts[0]"}},
          {"  hosts: [\"*\"]\n  gateways: [g]\n" + http, {}},
          {"  hosts: [a, a.shop.svc.cluster.local]\n" + http, {"E istio/duplicate 5:14 spec.hosts[1]"}},
          {"  hosts: [a.1]\n" + http, {"E istio/bad-host 5:11 spec.hosts[0]"}},
          {"  hosts: [a]\n  exportTo: [B, \"*\"]\n" + http, {"E istio/bad-value 6:14 spec.exportTo[0]"}},
          {"  hosts: [a]\n  exportTo: [b, \"*\"]\n" + http, {"E istio/conflicting-fields 6:13 spec.exportTo"}},
          {"  hosts: [a]\n  gateways: [A/b/c]\n" + http, {"E istio/bad-gateway 6:14 spec.gateways[0]"}},
          {"  hosts: [a.com]\n  tls: [{match: [{sniHosts: [b.com]}], route: [{destination: {host: a}}]}]\n",
           {"E istio/bad-host 6:30 spec.tls[0].match[0].sniHosts[0]"}},
          {"  hosts: [a]\n  tls: [{route: [{destination: {host: a}}]}]\n",
           {"E istio/missing-field 6:9 spec.tls[0].match"}},
          {"  hosts: [a]\n  tcp: [{match: [{destinationSubnets: [10.0.0.0/33]}]}]\n",
           {"E istio/missing-field 6:9 spec.tcp[0].route",
            "E istio/bad-address 6:40 spec.tcp[0].match[0].destinationSubnets[0]"}},
          {"  hosts: a\n" + http, {"E istio/wrong-type 5:10 spec.hosts"}},
          {"  hosts: [a]\n  htttp: []\n" + http, {"E istio/unknown-field 6:3 spec.htttp"}},
      });
}

TEST(Findings, OfDestinationRules) {
  const std::string host = "  host: a\n";
  expect_errors(
      "DestinationRule",
      {
          {"  trafficPolicy: {loadBalancer: {}}\n", {"E istio/missing-field 5:3 spec.host"}},
          {host + "  trafficPolicy: {}\n", {"E istio/missing-field 6:18 spec.trafficPolicy"}},
          {host + "  subsets: [{name: v1}, {name: v1}, {labels: {a: b}}]\n",
           {"E istio/duplicate 6:32 spec.subsets[1].name", "E istio/missing-field 6:37 spec.subsets[2].name"}},
          {host + "  trafficPolicy: {loadBalancer: {simple: ROUND_ROBBIN}}\n",
           {"E istio/bad-value 6:42 spec.trafficPolicy.loadBalancer.simple"}},
          {host + "  trafficPolicy: {connectionPool: {}}\n",
           {"E istio/missing-field 6:35 spec.trafficPolicy.connectionPool"}},
          {host + "  trafficPolicy: {outlierDetection: {maxEjectionPercent: 101, consecutiveLocalOriginFailures: 1}}\n",
           {"E istio/out-of-range 6:58 spec.trafficPolicy.outlierDetection.maxEjectionPercent",
            "E istio/conflicting-fields 6:95 spec.trafficPolicy.outlierDetection.consecutiveLocalOriginFailures"}},
          {host + "  trafficPolicy: {tls: {mode: MUTUAL}}\n",
           {"E istio/missing-field 6:24 spec.trafficPolicy.tls.clientCertificate",
            "E istio/missing-field 6:24 spec.trafficPolicy.tls.privateKey"}},
          {host + "  trafficPolicy: {tls: {mode: ISTIO_MUTUAL, caCertificates: /x}}\n",
           {"E istio/conflicting-fields 6:24 spec.trafficPolicy.tls"}},
          {host + "  trafficPolicy: {portLevelSettings: [{tls: {}}]}\n",
           {"E istio/missing-field 6:39 spec.trafficPolicy.portLevelSettings[0].port"}},
          {host + "  subsets: [{name: v1, labels: {version: 1}}]\n",
           {"E istio/wrong-type 6:42 spec.subsets[0].labels.version"}},
      });
}

TEST(Findings, OfServiceEntries) {
  const std::string ports = "  ports: [{number: 80, name: http, protocol: HTTP}]\n";
  expect_errors(
      "ServiceEntry",
      {
          {ports, {"E istio/missing-field 5:3 spec.hosts"}},
          {"  hosts: [\"*\"]\n" + ports, {"E istio/bad-host 5:11 spec.hosts[0]"}},
          {"  hosts: [a.com]\n  addresses: [x, 1.2.3.4/40]\n",
           {"E istio/bad-address 6:15 spec.addresses[0]", "E istio/bad-address 6:18 spec.addresses[1]"}},
          {"  hosts: [a.com]\n  resolution: DNS\n  addresses: [10.0.0.0/8]\n" + ports,
           {"E istio/conflicting-fields 7:14 spec.addresses"}},
          {"  hosts: [\"*.a.com\"]\n  resolution: DNS\n" + ports, {"E istio/conflicting-fields 6:15 spec.resolution"}},
          {"  hosts: [a.com]\n  endpoints: [{address: 1.1.1.1}]\n" + ports,
           {"E istio/conflicting-fields 6:14 spec.endpoints"}},
          {"  hosts: [a.com]\n  resolution: STATIC\n  endpoints: [{address: b.com, ports: {https: 1}}]\n" + ports,
           {"E istio/bad-address 7:25 spec.endpoints[0].address", "E istio/bad-port 7:39 spec.endpoints[0].ports"}},
          {"  hosts: [a.com]\n  resolution: DNS_ROUND_ROBIN\n  endpoints: [{address: b.com}, {address: c.com}]\n" +
               ports,
           {"E istio/conflicting-fields 7:14 spec.endpoints"}},
          {"  hosts: [a.com]\n  workloadSelector: {labels: {a: b}}\n  resolution: STATIC\n  endpoints: [{address: "
           "1.1.1.1}]\n" +
               ports,
           {"E istio/conflicting-fields 6:21 spec.workloadSelector"}},
          {"  hosts: [a.com, b.com]\n  resolution: DNS\n  ports: [{number: 80, name: x, protocol: TCP}]\n",
           {"E istio/conflicting-fields 5:10 spec.hosts"}},
          {"  hosts: [a.com]\n  ports: [{number: 0, name: a, protocol: FOO}, {number: 1, name: a}, {number: 1}]\n",
           {"E istio/bad-port 6:20 spec.ports[0].number", "E istio/bad-value 6:42 spec.ports[0].protocol",
            "E istio/duplicate 6:66 spec.ports[1].name", "E istio/missing-field 6:70 spec.ports[2].name",
            "E istio/duplicate 6:79 spec.ports[2].number"}},
          {"  hosts: [a.com]\n  resolution: STATC\n", {"E istio/bad-value 6:15 spec.resolution"}},
      });
}

TEST(Findings, OfWorkloadEntriesAndPeerAuthentications) {
  expect_errors("WorkloadEntry",
                {{"  labels: {a: b}\n", {"E istio/missing-field 5:3 spec.address"}},
                 {"  address: unix://x\n", {"E istio/bad-address 5:12 spec.address"}},
                 {"  address: unix:///x\n  ports: {a: 1}\n", {"E istio/conflicting-fields 6:10 spec.ports"}},
                 {"  address: 1.1.1.1\n  ports: {\"@\": 80, a: 99999}\n",
                  {"E istio/bad-port 6:11 spec.ports.@", "E istio/bad-port 6:23 spec.ports.a"}},
                 {"  {}\n", {"E istio/missing-field 5:3 spec.address"}},
                 {"", {"E istio/missing-field 1:1 spec"}}});
  const std::string selector = "  selector: {matchLabels: {a: b}}\n";
  expect_errors(
      "PeerAuthentication",
      {{"  mtls: {mode: STRCT}\n", {"E istio/bad-value 5:16 spec.mtls.mode"}},
       {"  portLevelMtls: {80: {mode: STRICT}}\n", {"E istio/conflicting-fields 5:18 spec.portLevelMtls"}},
       {selector + "  portLevelMtls: {}\n", {"E istio/missing-field 6:18 spec.portLevelMtls"}},
       {selector + "  portLevelMtls: {abc: {mode: STRICT}}\n", {"E istio/bad-port 6:19 spec.portLevelMtls.abc"}},
       {"  selector: {matchLabels: {a: \"b*\"}}\n", {"E istio/bad-label 5:31 spec.selector.matchLabels.a"}},
       {"  mtls: STRICT\n", {"E istio/wrong-type 5:9 spec.mtls"}}});
}

TEST(Findings, SuggestWhatWasProbablyMeant) {
  const auto outcome =
      compile_text(resource_text("VirtualService",
                                 "  hosts: [a]\n  http:\n  - route: [{destination: {host: a}}]\n"
                                 "    retries: {attempts: 2, perTryTimeOut: 1s, retryOn: gatway-error}\n"
                                 "    timeout: 1\n"));
  ASSERT_EQ(outcome.findings.size(), 3U);
  EXPECT_EQ(outcome.findings[0].remedy, "Did you mean \"perTryTimeout\"?");
  EXPECT_EQ(outcome.findings[1].remedy, "Did you mean \"gateway-error\"?");
  EXPECT_EQ(outcome.findings[2].remedy, "Put quotes around it: without them YAML reads an integer.");
}

TEST(Duration, FollowsGosNotation) {
  using namespace std::chrono_literals;
  EXPECT_EQ(parse_duration("1h30m"), 90min);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("100us"), 100us);
  EXPECT_EQ(parse_duration("2m0.25s"), 120250ms);
  EXPECT_EQ(parse_duration("0"), 0s);
  EXPECT_EQ(parse_duration("-1s"), -1s);
  for (const char* text : {"", "s", "1", "1 s", "1d", "1s ", "..1s", "1e3s", "99999999999999h", "+", "-", "1.2.3s"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace ripstop::dialect::istio
