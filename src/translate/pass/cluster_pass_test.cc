#include "translate/pass/cluster_pass.h"

#include <gtest/gtest.h>

#include "translate/names.h"
#include "translate/testing/bookinfo.h"

namespace ripstop::translate {
namespace {

using model::AppProtocol;
using model::Cluster;
using model::Discovery;

ClusterInput input(const model::Service& service, model::DestinationPolicy policy = {}) {
  return {.service = make_part(service),
          .port = service.ports.front(),
          .identities = make_part(std::vector<std::string>{"spiffe://cluster.local/ns/default/sa/reviews"}),
          .policy = make_part(std::move(policy)),
          .inline_assignments = {},
          .trust_domain = "cluster.local"};
}

Cluster only(const ClusterInput& input) {
  return make_clusters(input).front();
}

Cluster with(model::TrafficPolicy traffic) {
  model::DestinationPolicy policy;
  policy.policy = std::move(traffic);
  return only(input(testing::service("reviews", testing::http(9080), "10.0.0.1"), std::move(policy)));
}

Cluster of_protocol(AppProtocol protocol, Profile profile = Profile::kRipstop) {
  ClusterInput one = input(testing::service("reviews", testing::port(9080, "", protocol), "10.0.0.1"));
  one.profile = profile;
  return only(one);
}

model::TrafficPolicy tls(model::ClientTls written) {
  return {
      .load_balancer = {}, .connection_pool = {}, .outlier = {}, .min_health_percent = {}, .tls = std::move(written)};
}

TEST(ClusterPass, FollowsTheBaselineWhenNobodyWroteAnything) {
  const Cluster cluster = with({});
  EXPECT_EQ(cluster.name, "outbound|9080||reviews.default.svc.cluster.local");
  EXPECT_EQ(cluster.discovery, Discovery::kEds);
  EXPECT_EQ(cluster.balancing, model::Balancing::kLeastRequest);
  EXPECT_EQ(cluster.connect_timeout, std::chrono::seconds(10));
  EXPECT_EQ(cluster.panic_percent, 0U);
  EXPECT_EQ(cluster.outlier, std::nullopt);
  EXPECT_EQ(cluster.breaker, (model::CircuitBreaker{0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}));
}

TEST(ClusterPass, MakesOneClusterForEachSubset) {
  model::DestinationPolicy policy;
  policy.subsets = {testing::subset("v1"), testing::subset("v2")};
  policy.subsets[1].policy.load_balancer = model::LoadBalancer::kRandom;
  policy.subsets[1].origin = testing::origin("DestinationRule", "default", "subset");
  const auto clusters = make_clusters(input(testing::service("reviews", testing::http(9080), ""), policy));
  ASSERT_EQ(clusters.size(), 3U);
  EXPECT_EQ(clusters[1].name, "outbound|9080|v1|reviews.default.svc.cluster.local");
  EXPECT_EQ(clusters[1].tls->sni, "outbound_.9080_.v1_.reviews.default.svc.cluster.local");
  EXPECT_EQ(clusters[2].balancing, model::Balancing::kRandom);
  EXPECT_EQ(clusters[2].origin->name, "subset");
}

TEST(ClusterPass, ChoosesDiscoveryByResolution) {
  const auto discovery = [](model::Resolution resolution) {
    return only(input(testing::outside("a.example", testing::http(80), resolution))).discovery;
  };
  EXPECT_EQ(discovery(model::Resolution::kStatic), Discovery::kEds);
  EXPECT_EQ(discovery(model::Resolution::kDns), Discovery::kStrictDns);
  EXPECT_EQ(discovery(model::Resolution::kDnsRoundRobin), Discovery::kLogicalDns);
  EXPECT_EQ(discovery(model::Resolution::kNone), Discovery::kOriginalDst);
}

TEST(ClusterPass, SendsToTheOriginalDestinationWhenBalancingIsPassthrough) {
  const Cluster cluster = with({.load_balancer = model::LoadBalancer::kPassthrough});
  EXPECT_EQ(cluster.discovery, Discovery::kOriginalDst);
  EXPECT_EQ(cluster.balancing, model::Balancing::kClusterProvided);
  EXPECT_EQ(cluster.tls, std::nullopt);
}

TEST(ClusterPass, KeepsOneNameForLogicalDns) {
  auto one = input(testing::outside("a.example", testing::http(80), model::Resolution::kDnsRoundRobin));
  model::LoadAssignment assignment{.cluster = "outbound|80||a.example", .localities = {{}, {}}};
  for (auto& group : assignment.localities) group.endpoints = {{.hostname = "x"}, {.hostname = "y"}};
  one.inline_assignments = {assignment};
  const Cluster cluster = only(one);
  ASSERT_EQ(cluster.assignment->localities.size(), 1U);
  EXPECT_EQ(cluster.assignment->localities[0].endpoints.size(), 1U);
}

TEST(ClusterPass, TakesLimitsFromTheConnectionPoolAndReadsZeroAsUnset) {
  const Cluster cluster = with({.connection_pool = model::ConnectionPool{.max_connections = 7,
                                                                         .max_pending_requests = 0,
                                                                         .max_requests_per_connection = 3,
                                                                         .connect_timeout = std::chrono::seconds(2),
                                                                         .upgrade_to_http2 = true}});
  EXPECT_EQ(cluster.breaker.max_connections, 7U);
  EXPECT_EQ(cluster.breaker.max_pending_requests, 0xFFFFFFFF);
  EXPECT_EQ(cluster.max_requests_per_connection, 3U);
  EXPECT_EQ(cluster.connect_timeout, std::chrono::seconds(2));
  EXPECT_EQ(cluster.protocol, model::UpstreamProtocol::kHttp2);
  EXPECT_EQ(cluster.tls->alpn, std::vector<std::string>{"istio-h2"});
}

TEST(ClusterPass, UsesMeshTlsTowardsThoseWhoTakeIt) {
  const Cluster cluster = with({});
  ASSERT_TRUE(cluster.tls);
  EXPECT_TRUE(cluster.tls_only_where_taken);
  EXPECT_EQ(cluster.tls->secrets.certificate, "default");
  EXPECT_EQ(cluster.tls->secrets.trusted_roots, "ROOTCA");
  EXPECT_EQ(cluster.tls->sni, "outbound_.9080_._.reviews.default.svc.cluster.local");
  ASSERT_EQ(cluster.tls->peer_names.size(), 1U);
  EXPECT_EQ(cluster.tls->peer_names[0], (model::StringMatch{.kind = model::MatchKind::kExact,
                                                            .text = "spiffe://cluster.local/ns/default/sa/reviews"}));
}

TEST(ClusterPass, NeverUsesMeshTlsUnaskedTowardsTheOutside) {
  EXPECT_EQ(only(input(testing::outside("a.example", testing::http(80), model::Resolution::kDns))).tls, std::nullopt);
}

TEST(ClusterPass, ObeysATlsModeThatSomebodyWrote) {
  EXPECT_EQ(with(tls({.mode = model::ClientTlsMode::kDisable})).tls, std::nullopt);
  const Cluster mesh = with(tls({.mode = model::ClientTlsMode::kMesh, .subject_alt_names = {"spiffe://x"}}));
  EXPECT_FALSE(mesh.tls_only_where_taken) << "asked for, so from every endpoint";
  EXPECT_EQ(mesh.tls->peer_names[0].text, "spiffe://x");
}

TEST(ClusterPass, OriginatesTlsByTheFilesThatAreNamed) {
  const Cluster mutual = with(tls({.mode = model::ClientTlsMode::kMutual,
                                   .sni = "db.example",
                                   .certificate_file = "/c.pem",
                                   .key_file = "/k.pem",
                                   .roots_file = "/r.pem"}));
  EXPECT_EQ(mutual.tls->secrets.certificate, "file-cert:/c.pem~/k.pem");
  EXPECT_EQ(mutual.tls->secrets.trusted_roots, "file-root:/r.pem");
  EXPECT_EQ(mutual.tls->sni, "db.example");
  const Cluster simple = with(tls({.mode = model::ClientTlsMode::kSimple}));
  EXPECT_EQ(simple.tls->secrets.certificate, "");
  EXPECT_EQ(simple.tls->secrets.trusted_roots, "file-root:system");
  EXPECT_EQ(simple.tls->sni, "reviews.default.svc.cluster.local");
  EXPECT_EQ(simple.tls->peer_names[0].text, "reviews.default.svc.cluster.local") << "not just anyone under the roots";
}

TEST(ClusterPass, TrustsOnlyTheServicesNamespaceWhenNoIdentityIsKnown) {
  ClusterInput one = input(testing::service("reviews", testing::http(9080), ""));
  one.identities = make_part(std::vector<std::string>{});
  const Cluster cluster = only(one);
  ASSERT_EQ(cluster.tls->peer_names.size(), 1U);
  EXPECT_EQ(cluster.tls->peer_names[0].kind, model::MatchKind::kPrefix);
  EXPECT_EQ(cluster.tls->peer_names[0].text, "spiffe://cluster.local/ns/default/sa/");
}

TEST(ClusterPass, SharesHttp2BetweenSidecarsUnlessAskedNotTo) {
  using Alpn = std::vector<std::string>;
  const model::ConnectionPool no_upgrade{.upgrade_to_http2 = false};
  const Cluster cluster = with({.connection_pool = no_upgrade});
  EXPECT_EQ(cluster.protocol, model::UpstreamProtocol::kHttp1);
  EXPECT_EQ(cluster.tls->alpn, Alpn{"istio-http/1.1"});
  EXPECT_EQ(with({}).tls->alpn, (Alpn{"istio-h2", "istio-http/1.1"}));
}

TEST(ClusterPass, OffersTheAlpnOfThePortsProtocol) {
  using Alpn = std::vector<std::string>;
  EXPECT_EQ(of_protocol(AppProtocol::kHttp).tls->alpn, (Alpn{"istio-h2", "istio-http/1.1"}));
  EXPECT_EQ(of_protocol(AppProtocol::kHttp, Profile::kEnvoy).tls->alpn, Alpn{"istio-http/1.1"});
  EXPECT_EQ(of_protocol(AppProtocol::kGrpc).tls->alpn, Alpn{"istio-h2"});
  EXPECT_EQ(of_protocol(AppProtocol::kTcp).tls->alpn, Alpn{"istio"});
  EXPECT_EQ(of_protocol(AppProtocol::kAuto).tls->alpn, (Alpn{"istio-h2", "istio-http/1.1", "istio"}));
  EXPECT_EQ(of_protocol(AppProtocol::kAuto, Profile::kEnvoy).tls->alpn, Alpn{"istio"});
}

TEST(ClusterPass, SpeaksUpstreamWhatThePortDeclares) {
  EXPECT_EQ(of_protocol(AppProtocol::kHttp).protocol, model::UpstreamProtocol::kHttp1);
  EXPECT_EQ(of_protocol(AppProtocol::kHttp2).protocol, model::UpstreamProtocol::kHttp2);
  EXPECT_EQ(of_protocol(AppProtocol::kAuto).protocol, model::UpstreamProtocol::kSameAsDownstream);
}

TEST(ClusterPass, CarriesOutlierDetectionWhole) {
  const model::OutlierDetection outlier{.consecutive_5xx = 7, .max_ejection_percent = 3, .always_eject_one = true};
  EXPECT_EQ(with({.outlier = outlier}).outlier, outlier);
}

TEST(ClusterPass, SwitchesPanicRoutingOnOnlyWithAHealthThreshold) {
  EXPECT_EQ(with({.outlier = model::OutlierDetection{}}).panic_percent, 0U);
  EXPECT_EQ(with({.outlier = model::OutlierDetection{}, .min_health_percent = 40}).panic_percent, 40U);
}

}  // namespace
}  // namespace ripstop::translate
