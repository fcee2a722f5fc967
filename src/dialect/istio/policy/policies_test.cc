// DestinationRule, PeerAuthentication, ServiceEntry and WorkloadEntry: what they become.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dialect/testing.h"

namespace ripstop::dialect::istio {
namespace {

using model::MtlsMode;
using testing::briefs;
using testing::compile_text;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using testing::resource_text;
using ::testing::SizeIs;

model::DestinationPolicy only_policy(const std::string& spec) {
  const auto outcome = compile_text(resource_text("DestinationRule", "  host: reviews\n" + spec));
  EXPECT_THAT(briefs(outcome.findings, model::Severity::kError), IsEmpty());
  if (outcome.mesh.destination_policies.size() != 1) {
    ADD_FAILURE() << "not one policy";
    return {};
  }
  return outcome.mesh.destination_policies[0];
}

TEST(DestinationRule, SubsetsHaveLabelsAndPoliciesOfTheirOwn) {
  const auto rule = only_policy(
      "  exportTo: [web]\n  workloadSelector: {matchLabels: {app: front}}\n"
      "  trafficPolicy: {loadBalancer: {simple: RANDOM}}\n"
      "  subsets:\n  - name: v1\n    labels: {version: v1}\n"
      "  - name: v2\n    labels: {version: v2}\n    trafficPolicy:\n      loadBalancer: {simple: ROUND_ROBIN}\n"
      "      portLevelSettings: [{port: {number: 80}, loadBalancer: {simple: LEAST_CONN}}]\n");
  EXPECT_EQ(rule.host, "reviews.shop.svc.cluster.local");
  EXPECT_THAT(rule.export_to, ElementsAre("web"));
  EXPECT_EQ(rule.client_selector, (model::Labels{{"app", "front"}}));
  EXPECT_EQ(rule.policy.load_balancer, model::LoadBalancer::kRandom);
  ASSERT_THAT(rule.subsets, SizeIs(2));
  EXPECT_FALSE(rule.subsets[0].policy.load_balancer);
  EXPECT_EQ(rule.subsets[1].labels, (model::Labels{{"version", "v2"}}));
  EXPECT_EQ(rule.subsets[1].policy.load_balancer, model::LoadBalancer::kRoundRobin);
  EXPECT_EQ(rule.subsets[1].port_policies.at(80).load_balancer, model::LoadBalancer::kLeastRequest);
  EXPECT_EQ(rule.subsets[1].origin->to_string(), "DestinationRule shop/it (test.yaml:12, spec.subsets[1])");
}

TEST(DestinationRule, ConnectionPoolsTakeZeroForNotSet) {
  const auto rule = only_policy(
      "  trafficPolicy:\n    connectionPool:\n      tcp: {maxConnections: 100, connectTimeout: 30ms, tcpKeepalive: "
      "{time: 2h, interval: 75s, probes: 3}}\n      http: {http1MaxPendingRequests: 1, http2MaxRequests: 0, "
      "maxRequestsPerConnection: 10, maxRetries: 5, idleTimeout: 5m, h2UpgradePolicy: UPGRADE}\n");
  model::ConnectionPool expected;
  expected.max_connections = 100;
  expected.connect_timeout = std::chrono::milliseconds(30);
  expected.keepalive = model::TcpKeepalive{3, std::chrono::hours(2), std::chrono::seconds(75)};
  expected.max_pending_requests = 1;
  expected.max_requests_per_connection = 10;
  expected.max_retries = 5;
  expected.idle_timeout = std::chrono::minutes(5);
  expected.upgrade_to_http2 = true;
  EXPECT_EQ(rule.policy.connection_pool, expected);
}

TEST(DestinationRule, OutlierDetectionHasIstiosDefaultsAndNeverPanics) {
  const auto bare = only_policy("  trafficPolicy: {outlierDetection: {}}\n");
  ASSERT_TRUE(bare.policy.outlier);
  EXPECT_EQ(bare.policy.outlier->consecutive_5xx, 5U);
  EXPECT_EQ(bare.policy.outlier->consecutive_gateway_failure, 0U);
  EXPECT_EQ(bare.policy.outlier->max_ejection_percent, 10U);
  EXPECT_FALSE(bare.policy.outlier->always_eject_one);
  EXPECT_EQ(bare.policy.min_health_percent, 0U);
  const auto full = only_policy(
      "  trafficPolicy: {outlierDetection: {consecutive5xxErrors: 0, consecutiveGatewayErrors: 3, interval: 1s,\n"
      "    baseEjectionTime: 10m, maxEjectionPercent: 100, minHealthPercent: 40, splitExternalLocalOriginErrors: "
      "true}}\n");
  model::OutlierDetection expected;
  expected.consecutive_5xx = 0;
  expected.consecutive_gateway_failure = 3;
  expected.consecutive_local_origin_failure = 5;
  expected.split_local_origin = true;
  expected.interval = std::chrono::seconds(1);
  expected.base_ejection = std::chrono::minutes(10);
  expected.max_ejection = std::chrono::minutes(10);
  expected.max_ejection_percent = 100;
  EXPECT_EQ(full.policy.outlier, expected);
  EXPECT_EQ(full.policy.min_health_percent, 40U);
}

TEST(DestinationRule, TlsModesAreTranslated) {
  EXPECT_EQ(only_policy("  trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}\n").policy.tls->mode,
            model::ClientTlsMode::kMesh);
  EXPECT_EQ(only_policy("  trafficPolicy: {tls: {}}\n").policy.tls->mode, model::ClientTlsMode::kDisable);
  const auto mutual = only_policy(
      "  trafficPolicy: {tls: {mode: MUTUAL, sni: a.com, clientCertificate: /c, privateKey: /k, caCertificates: /r,\n"
      "    subjectAltNames: [a.com]}}\n");
  EXPECT_EQ(mutual.policy.tls, (model::ClientTls{model::ClientTlsMode::kMutual, "a.com", {"a.com"}, "/c", "/k", "/r"}));
}

TEST(DestinationRule, WhatIsNotHonouredIsNamed) {
  const auto outcome = compile_text(resource_text("DestinationRule",
                                                  "  host: a\n  trafficPolicy:\n    loadBalancer:\n"
                                                  "      consistentHash: {useSourceIp: true}\n"
                                                  "    tunnel: {targetHost: a, targetPort: 1}\n"));
  EXPECT_THAT(briefs(outcome.findings, model::Severity::kWarning),
              ElementsAre("W istio/not-honoured 8:7 spec.trafficPolicy.loadBalancer.consistentHash",
                          "W istio/not-honoured 9:5 spec.trafficPolicy.tunnel"));
  EXPECT_THAT(outcome.mesh.destination_policies, SizeIs(1));
}

TEST(PeerAuthentication, ModesAreTakenForNamespaceWorkloadAndPort) {
  const auto outcome =
      compile_text(resource_text("PeerAuthentication",
                                 "  selector: {matchLabels: {app: db}}\n  mtls: {mode: STRICT}\n"
                                 "  portLevelMtls: {8080: {mode: DISABLE}, \"9090\": {}}\n") +
                   "---\napiVersion: security.istio.io/v1beta1\nkind: PeerAuthentication\nmetadata: {name: all}\n");
  EXPECT_THAT(briefs(outcome.findings, model::Severity::kWarning), IsEmpty());
  ASSERT_THAT(outcome.mesh.server_mtls, SizeIs(2));
  const model::ServerMtls& policy = outcome.mesh.server_mtls[0];
  EXPECT_EQ(policy.ns, "shop");
  EXPECT_EQ(policy.selector, (model::Labels{{"app", "db"}}));
  EXPECT_EQ(policy.mode, MtlsMode::kStrict);
  EXPECT_THAT(policy.port_modes, ElementsAre(Pair(8080, MtlsMode::kDisable), Pair(9090, MtlsMode::kUnset)));
  EXPECT_FALSE(outcome.mesh.server_mtls[1].selector);
  EXPECT_EQ(outcome.mesh.server_mtls[1].mode, MtlsMode::kUnset);
}

TEST(PeerAuthentication, ASelectorInTheRootNamespaceIsIgnoredWithAWarning) {
  const auto outcome = compile_text(
      "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: a, namespace: istio-system}\n"
      "spec:\n  selector: {matchLabels: {app: a}}\n  mtls: {mode: STRICT}\n");
  EXPECT_THAT(outcome.mesh.server_mtls, IsEmpty());
  EXPECT_THAT(briefs(outcome.findings, model::Severity::kWarning), ElementsAre("W istio/no-effect 5:13 spec.selector"));
}

TEST(ServiceEntry, EachHostBecomesAService) {
  const auto outcome = compile_text(resource_text(
      "ServiceEntry",
      "  hosts: [Api.example.com, reviews.shop.svc.cluster.local]\n  addresses: [10.0.0.1, 10.1.0.0/16, 10.0.0.2/32]\n"
      "  location: MESH_INTERNAL\n  resolution: STATIC\n  exportTo: [\"*\"]\n  subjectAltNames: [san]\n"
      "  ports:\n  - {number: 80, name: http, protocol: HTTP, targetPort: 8080}\n"
      "  - {number: 443, name: tls, protocol: https}\n"
      "  endpoints:\n  - address: 1.1.1.1\n    ports: {http: 9000}\n    labels: {version: v1}\n"
      "    locality: eu/a/1\n    weight: 5\n    serviceAccount: sa\n"));
  EXPECT_THAT(briefs(outcome.findings, model::Severity::kWarning), IsEmpty());
  ASSERT_THAT(outcome.mesh.services, SizeIs(2));
  const model::Service& api = outcome.mesh.services[0];
  EXPECT_EQ(api.host, "api.example.com");
  EXPECT_EQ(api.name, "");
  EXPECT_EQ(outcome.mesh.services[1].name, "reviews");
  EXPECT_FALSE(api.is_external);
  EXPECT_EQ(api.resolution, model::Resolution::kStatic);
  EXPECT_THAT(api.addresses, SizeIs(2));
  EXPECT_THAT(api.address_ranges, SizeIs(1));
  EXPECT_EQ(api.ports[0], (model::ServicePort{80, "http", model::AppProtocol::kHttp, 8080}));
  EXPECT_EQ(api.ports[1].protocol, model::AppProtocol::kTls);
  const model::ServiceEndpoint expected{"1.1.1.1", {{"http", 9000}}, {{"version", "v1"}}, {"eu", "a", "1"}, 5, "sa"};
  EXPECT_THAT(api.endpoints, ElementsAre(expected));
}

TEST(ServiceEntry, DefaultsAreExternalAndUnresolved) {
  const auto outcome = compile_text(resource_text(
      "ServiceEntry", "  hosts: [\"*.example.com\"]\n  ports: [{number: 443, name: tls, protocol: TLS}]\n"));
  ASSERT_THAT(outcome.mesh.services, SizeIs(1));
  EXPECT_TRUE(outcome.mesh.services[0].is_external);
  EXPECT_EQ(outcome.mesh.services[0].resolution, model::Resolution::kNone);
  EXPECT_FALSE(outcome.mesh.services[0].selector);
}

TEST(WorkloadEntry, BecomesAWorkloadWithAnIdentity) {
  const auto outcome = compile_text(
      "apiVersion: networking.istio.io/v1alpha3\nkind: WorkloadEntry\n"
      "metadata: {name: vm1, namespace: shop, labels: {app: real}}\n"
      "spec: {address: 10.0.0.1, labels: {app: db, version: v1}, ports: {http: 8080}, serviceAccount: db-sa}\n");
  ASSERT_THAT(outcome.mesh.workloads, SizeIs(1));
  const model::Workload& workload = outcome.mesh.workloads[0];
  EXPECT_EQ(workload.id, "shop/vm1");
  EXPECT_EQ(workload.identity.to_string(), "spiffe://cluster.local/ns/shop/sa/db-sa");
  EXPECT_EQ(workload.labels, (model::Labels{{"app", "real"}, {"version", "v1"}}));
  EXPECT_EQ(workload.port_names.at("http"), 8080);
  EXPECT_TRUE(workload.has_proxy);
  EXPECT_EQ(workload.weight, 1U);
}

}  // namespace
}  // namespace ripstop::dialect::istio
