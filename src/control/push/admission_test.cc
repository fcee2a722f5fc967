#include "control/push/admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "envoy/config/core/v3/base.pb.h"

namespace ripstop::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kId = "sidecar~127.0.0.1~reviews-v1-1.default~default.svc.cluster.local";

ClientFacts facts_of(const std::string& id, const std::map<std::string, std::string>& metadata,
                     const std::string& agent = {}) {
  envoy::config::core::v3::Node node;
  node.set_id(id);
  node.set_user_agent_name(agent);
  for (const auto& [key, value] : metadata) {
    (*node.mutable_metadata()->mutable_fields())[key].set_string_value(value);
  }
  return read_facts({.id = id, .cluster = {}, .user_agent = agent, .message = node.SerializeAsString()});
}

Workloads one_workload() {
  model::Workload workload;
  workload.id = "reviews-v1-1";
  workload.identity = {"cluster.local", "default", "bookinfo-reviews"};
  workload.labels = {{"app", "reviews"}};
  workload.inbound[9080] = {IpAddress::loopback_v4(), 40001};
  return {{workload.id, workload}};
}

net::TlsSession session_of(std::vector<std::string> uris) {
  net::TlsSession session;
  session.has_peer_certificate = true;
  session.peer_uris = std::move(uris);
  return session;
}

const net::TlsSession kReviews = session_of({"spiffe://cluster.local/ns/default/sa/bookinfo-reviews"});

TEST(Admission, TheWorkloadIsNamedByMetadataOrByTheNodesId) {
  EXPECT_EQ(facts_of("anything", {{"RIPSTOP_WORKLOAD_ID", "reviews-v1-1"}}).workload_id, "reviews-v1-1");
  EXPECT_EQ(facts_of(kId, {}).workload_id, "reviews-v1-1");
  EXPECT_EQ(facts_of(kId, {{"RIPSTOP_WORKLOAD_ID", "other"}}).workload_id, "other");
  EXPECT_EQ(facts_of("sidecar~127.0.0.1~with.dots.default~x", {}).workload_id, "with.dots");
  for (const char* id : {"", "reviews", "a~b~c", "~~~", "a~b~c~d~e"}) EXPECT_EQ(facts_of(id, {}).workload_id, "") << id;
}

TEST(Admission, TheCertificateMustBeTheRegisteredIdentityAndNothingElse) {
  const Workloads workloads = one_workload();
  const ClientFacts facts = facts_of(kId, {});
  const auto admitted = admit(facts, &kReviews, workloads);
  ASSERT_TRUE(admitted);
  EXPECT_EQ(*admitted, &workloads.at("reviews-v1-1"));
  const std::string own = kReviews.peer_uris[0];
  for (const auto& uris : std::vector<std::vector<std::string>>{{},
                                                                {"spiffe://cluster.local/ns/default/sa/ratings"},
                                                                {"spiffe://other/ns/default/sa/bookinfo-reviews"},
                                                                {own, "spiffe://cluster.local/ns/default/sa/ratings"},
                                                                {"spiffe://cluster.local/ns/default/sa/ratings", own},
                                                                {own + "/"}}) {
    const net::TlsSession session = session_of(uris);
    const auto refused = admit(facts, &session, workloads);
    ASSERT_FALSE(refused) << testing::PrintToString(uris);
    EXPECT_EQ(refused.error().code, ErrorCode::kPermissionDenied);
    EXPECT_THAT(refused.error().message, HasSubstr(own));
  }
  EXPECT_THAT(admit(facts, nullptr, workloads).error().message, HasSubstr("no TLS"));
}

TEST(Admission, ANodeThatContradictsItsRegistrationIsRefused) {
  const Workloads workloads = one_workload();
  EXPECT_TRUE(
      admit(facts_of(kId, {{"NAMESPACE", "default"}, {"SERVICE_ACCOUNT", "bookinfo-reviews"}}), &kReviews, workloads));
  EXPECT_THAT(admit(facts_of(kId, {{"NAMESPACE", "shop"}}), &kReviews, workloads).error().message,
              HasSubstr("NAMESPACE is shop"));
  EXPECT_THAT(admit(facts_of(kId, {{"SERVICE_ACCOUNT", "root"}}), &kReviews, workloads).error().message,
              HasSubstr("SERVICE_ACCOUNT is root"));
  EXPECT_THAT(admit(facts_of("a~b~ghost.default~d", {}), &kReviews, workloads).error().message,
              HasSubstr("\"ghost\", which is not registered"));
}

TEST(Admission, TheProxyIsMadeFromTheRegistration) {
  const Workloads workloads = one_workload();
  const translate::Proxy plain = make_proxy(facts_of(kId, {}), workloads.at("reviews-v1-1"), "PEM");
  EXPECT_EQ(plain.inbound.at(9080).port, 40001);
  EXPECT_EQ(plain.labels.at("app"), "reviews");
  EXPECT_EQ(plain.trusted_roots_pem, "PEM");
  EXPECT_THAT(plain.more_outbound_captures, ElementsAre(SocketAddress{IpAddress::v6({}), 15001}));
  EXPECT_FALSE(plain.shares_namespace);
  EXPECT_TRUE(plain.dns_capture);
  EXPECT_EQ(plain.profile, translate::Profile::kRipstop);
  const ClientFacts pod = facts_of(kId, {{"INTERCEPTION_MODE", "REDIRECT"}, {"DNS_CAPTURE", "false"}}, "envoy");
  const translate::Proxy envoy = make_proxy(pod, workloads.at("reviews-v1-1"), "PEM");
  EXPECT_TRUE(envoy.shares_namespace);
  EXPECT_FALSE(envoy.dns_capture);
  EXPECT_EQ(envoy.profile, translate::Profile::kEnvoy);
}

}  // namespace
}  // namespace ripstop::control
