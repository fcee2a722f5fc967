#include "control/control_plane.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "control/testing/fake_proxy.h"
#include "control/testing/mesh.h"
#include "net/tls/test_certificates.h"
#include "xds/type_order.h"

namespace ripstop::control {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kReviews = "outbound|9080||reviews.default.svc.cluster.local";

class ControlPlaneTest : public testing::Test {
 protected:
  Json register_workload(const std::string& service, const std::string& version = "v1") {
    const Json body = {{"service", service},
                       {"service_account", "bookinfo-" + service},
                       {"labels", {{"version", version}}},
                       {"ports", {{{"port", 9080}, {"address", "127.0.0.1:40001"}, {"name", "http"}}}}};
    const auto reply = mesh_.call("POST", "/v1/workloads", body.dump());
    EXPECT_EQ(reply.status, 201) << reply.body;
    return Json::parse(reply.body);
  }
  std::unique_ptr<FakeProxy> member(const std::string& service, const std::string& version = "v1") {
    const Json registered = register_workload(service, version);
    auto proxy = std::make_unique<FakeProxy>(mesh_, registered["id"]);
    proxy->roots = registered["roots_pem"];
    proxy->join(registered["join_token"]);
    return proxy;
  }
  std::unique_ptr<FakeProxy> ready_member(const std::string& service, const std::string& version = "v1") {
    auto proxy = member(service, version);
    proxy->follow();
    EXPECT_TRUE(mesh_.until([&] { return is_synced(proxy->id()) && is_ready(proxy->id()); }));
    return proxy;
  }
  Json proxy_status(const std::string& id) {
    for (const Json& proxy : Json::parse(mesh_.call("GET", "/v1/proxies").body)["proxies"]) {
      if (proxy["id"] == id) return proxy;
    }
    return nullptr;
  }
  bool is_ready(const std::string& id) { return mesh_.catalogue().workloads().at(id).is_ready; }
  // With all of what is in force now.
  bool is_synced(const std::string& id) {
    for (const AdsService::ProxyStatus& status : mesh_.ads().status()) {
      if (status.id == id) return status.is_synced && status.revision == mesh_.store().revision();
    }
    return false;
  }
  void apply(const std::string& text) {
    const Json body = {{"documents", {{{"file", "a.yaml"}, {"text", text}}}}};
    const auto reply = mesh_.call("POST", "/v1/apply", body.dump());
    ASSERT_EQ(reply.status, 200) << reply.body;
    for (const Json& finding : Json::parse(reply.body)["findings"]) EXPECT_NE(finding["severity"], "error") << finding;
  }
  // The types that arrived since `from`, one after the other.
  static std::vector<std::string> types_from(const FakeProxy& proxy, size_t from) {
    std::vector<std::string> types;
    for (size_t i = from; i < proxy.arrivals.size(); ++i) {
      if (types.empty() || types.back() != proxy.arrivals[i].type) types.push_back(proxy.arrivals[i].type);
    }
    return types;
  }
  // Why a stream of this proxy is refused.
  std::string refusal_of(FakeProxy& proxy) {
    proxy.follow();
    EXPECT_TRUE(mesh_.until([&] { return !proxy.last_failure().empty(); }));
    return proxy.last_failure();
  }

  TestMesh mesh_;
};

constexpr const char* kToV1 = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - timeout: 3s
    route: [{destination: {host: reviews}}]
)";

TEST_F(ControlPlaneTest, AProxyJoinsAndGetsItsConfigurationInOrder) {
  const auto reviews = ready_member("reviews");
  const auto details = ready_member("details");
  EXPECT_EQ(details->certificate.chain.size(), 3U) << "leaf, intermediate, roots";
  EXPECT_EQ(net::summarize_certificate(details->certificate.chain[0])->uri,
            "spiffe://cluster.local/ns/default/sa/bookinfo-details");
  const std::vector<std::string> types = types_from(*details, 0);
  const auto place = [&](std::string_view type) { return std::ranges::find(types, type) - types.begin(); };
  EXPECT_LT(place(xds::type::kCluster), place(xds::type::kLoadAssignment));
  EXPECT_LT(place(xds::type::kCluster), place(xds::type::kListener));
  EXPECT_LT(place(xds::type::kListener), place(xds::type::kRouteTable));
  EXPECT_LT(place(xds::type::kNameTable), static_cast<ptrdiff_t>(types.size()));
  EXPECT_TRUE(details->has(xds::type::kCluster, kReviews));
  EXPECT_EQ(details->endpoints(kReviews), 1U);
  EXPECT_TRUE(details->has(xds::type::kRouteTable, "9080"));
  EXPECT_EQ(xds::decode_secret(details->resources.at(std::string(xds::type::kSecret)).at("ROOTCA"))->trusted_roots_pem,
            mesh_.authority().bundle().pem());
}

TEST_F(ControlPlaneTest, AChangedRouteIsAllThatIsSent) {
  const auto reviews = ready_member("reviews");
  const auto details = ready_member("details");
  ASSERT_TRUE(mesh_.until([&] { return is_synced(reviews->id()); }));
  const size_t before = details->arrivals.size();
  apply(kToV1);
  ASSERT_TRUE(mesh_.until([&] { return is_synced(details->id()) && is_synced(reviews->id()); }));
  ASSERT_EQ(details->arrivals.size(), before + 1);
  EXPECT_EQ(details->arrivals.back().type, xds::type::kRouteTable);
  EXPECT_THAT(details->arrivals.back().names, ElementsAre("9080"));
  const size_t after = details->arrivals.size();
  apply(kToV1);
  net::testing::settle(mesh_.reactor);
  EXPECT_EQ(details->arrivals.size(), after) << "the same text again is no change";
}

TEST_F(ControlPlaneTest, AWorkloadIsInTheMeshWhileItsStreamIsUp) {
  const auto reviews = ready_member("reviews", "v1");
  const auto second = ready_member("reviews", "v2");
  const auto details = ready_member("details");
  ASSERT_TRUE(mesh_.until([&] { return details->endpoints(kReviews) == 2; }));
  const size_t before = details->arrivals.size();
  const TimePoint begin = Clock::now();
  second->vanish();
  ASSERT_TRUE(mesh_.until([&] { return details->endpoints(kReviews) == 1; }));
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(1));
  EXPECT_THAT(types_from(*details, before), ElementsAre(xds::type::kLoadAssignment));
  EXPECT_FALSE(is_ready(second->id()));
  EXPECT_EQ(proxy_status(second->id())["connected"], false);
  second->follow();
  EXPECT_TRUE(mesh_.until([&] { return details->endpoints(kReviews) == 2; }));
}

TEST_F(ControlPlaneTest, OneMovedEndpointCostsTheSameInALargerMesh) {
  const auto spent = [this](int services) {
    for (int i = 0; i < services; ++i)
      register_workload("filler-" + std::to_string(services) + "-" + std::to_string(i));
    const std::string suffix = std::to_string(services);
    const auto reviews = ready_member("reviews", "old" + suffix);
    const auto details = ready_member("details", "v" + suffix);
    EXPECT_TRUE(mesh_.until([&] { return is_synced(details->id()) && is_synced(reviews->id()); }));
    const auto runs = [this](translate::PassId pass) { return mesh_.ads().cache().count(pass).runs; };
    const uint64_t clusters = runs(translate::PassId::kCluster);
    const uint64_t endpoints = runs(translate::PassId::kEndpoint);
    const uint64_t routes = runs(translate::PassId::kRoute);
    const size_t before = details->arrivals.size();
    const auto another = ready_member("reviews", "new" + suffix);
    EXPECT_TRUE(mesh_.until([&] { return is_synced(details->id()); }));
    EXPECT_EQ(runs(translate::PassId::kCluster), clusters);
    EXPECT_EQ(runs(translate::PassId::kRoute), routes);
    EXPECT_THAT(types_from(*details, before), ElementsAre(xds::type::kLoadAssignment));
    EXPECT_THAT(details->arrivals.back().names, ElementsAre(kReviews));
    return runs(translate::PassId::kEndpoint) - endpoints;
  };
  const uint64_t small = spent(2);
  EXPECT_GT(small, 0U);
  EXPECT_EQ(spent(40), small);
}

TEST_F(ControlPlaneTest, ABurstOfChangesIsMerged) {
  const auto details = ready_member("details");
  const size_t before = details->arrivals.size();
  for (int i = 0; i < 20; ++i) register_workload("burst");
  ASSERT_TRUE(mesh_.until([&] { return is_synced(details->id()); }));
  EXPECT_LT(details->arrivals.size() - before, 20U);
}

TEST_F(ControlPlaneTest, AProxyThatDoesNotReadHoldsUpNobodyAndGetsTheNewestStateLater) {
  const auto details = ready_member("details");
  auto stuck = member("reviews");
  net::GrpcChannel channel(stuck->connector(), {.authority = "control", .http2 = {.stream_window = 1024}});
  auto call = mesh_.await(
      channel.open("/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources", {}, kNever));
  ASSERT_TRUE(call);
  xds::ClientSession session(stuck->node());
  session.connected();
  session.subscribe_all(xds::type::kNameTable);
  for (std::string& request : session.take_requests()) {
    ASSERT_TRUE(mesh_.await((*call)->write(std::move(request))));
  }
  ASSERT_TRUE(mesh_.until([&] { return mesh_.ads().is_connected(stuck->id()); }));
  for (int i = 0; i < 30; ++i) {
    register_workload("service-" + std::to_string(i));
    ASSERT_TRUE(mesh_.until([&] { return is_synced(details->id()); })) << "held up by another proxy";
  }
  EXPECT_FALSE(is_synced(stuck->id()));
  // At most what was under way at the beginning, and then everything else at once.
  int responses = 0;
  std::string names;
  while (names.find("service-29.") == std::string::npos) {
    const auto message = mesh_.await((*call)->read(net::testing::soon()));
    ASSERT_TRUE(message && *message);
    auto update = session.receive(**message);
    ASSERT_TRUE(update && *update);
    ++responses;
    names = (*update)->resources.at(0).body;
    session.accept(**update);
    for (std::string& request : session.take_requests()) {
      ASSERT_TRUE(mesh_.await((*call)->write(std::move(request))));
    }
  }
  EXPECT_LE(responses, 2);
}

TEST_F(ControlPlaneTest, StateOfTheWorldClientsAreServedAsWell) {
  const auto reviews = ready_member("reviews");
  const auto details = member("details");
  net::GrpcChannel channel(details->connector(), {.authority = "control"});
  auto call = mesh_.await(
      channel.open("/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources", {}, kNever));
  ASSERT_TRUE(call);
  const std::string first = details->state_of_the_world_request(xds::type::kCluster, "", "");
  ASSERT_TRUE(mesh_.await((*call)->write(first)));
  const auto response = details->read_state_of_the_world(*mesh_.await((*call)->read(net::testing::soon())).value());
  EXPECT_THAT(response.names, testing::Contains(kReviews));
  ASSERT_TRUE(mesh_.until([&] { return is_ready(details->id()); }));
  EXPECT_FALSE(is_synced(details->id()));
  ASSERT_TRUE(mesh_.await(
      (*call)->write(details->state_of_the_world_request(xds::type::kCluster, response.version, response.nonce))));
  EXPECT_TRUE(mesh_.until([&] { return is_synced(details->id()); }));
}

TEST_F(ControlPlaneTest, ARefusedUpdateShowsWithItsReason) {
  auto details = member("details");
  details->refuses = xds::type::kListener;
  details->follow();
  Json status;
  ASSERT_TRUE(mesh_.until([&] {
    status = proxy_status(details->id());
    return status["types"].contains("LDS") && status["types"]["LDS"]["nack"] != "";
  }));
  EXPECT_EQ(status["types"]["LDS"]["nack"], "this proxy does not like it");
  EXPECT_NE(status["types"]["LDS"]["sent"], status["types"]["LDS"]["acked"]);
  EXPECT_EQ(status["synced"], false);
  EXPECT_EQ(status["types"]["CDS"]["nack"], "");
}

TEST_F(ControlPlaneTest, ARestartKeepsTheMeshAndGivesProxiesTimeToComeBack) {
  const auto reviews = ready_member("reviews");
  const auto details = ready_member("details");
  apply(kToV1);
  for (const bool is_killed : {true, false}) {
    is_killed ? mesh_.kill() : mesh_.stop();
    mesh_.start();
    EXPECT_TRUE(is_ready(reviews->id())) << "as it was before";
    EXPECT_EQ(mesh_.call("GET", "/v1/resources/virtualservice/default/reviews").status, 200);
    ASSERT_TRUE(mesh_.until([&] { return is_synced(reviews->id()) && is_synced(details->id()); })) << "they come back";
    EXPECT_EQ(details->endpoints(kReviews), 1U);
  }
  mesh_.kill();
  reviews->vanish();
  mesh_.start();
  ASSERT_TRUE(mesh_.until([&] { return is_synced(details->id()); }));
  EXPECT_TRUE(is_ready(reviews->id())) << "it may still come back";
  mesh_.ads().end_grace();
  ASSERT_TRUE(mesh_.until([&] { return details->endpoints(kReviews) == 0; }));
  EXPECT_FALSE(is_ready(reviews->id()));
  EXPECT_TRUE(is_ready(details->id()));
}

TEST_F(ControlPlaneTest, ALaterStreamOfAWorkloadTakesThePlaceOfAnEarlierOne) {
  const auto first = ready_member("details");
  FakeProxy second(mesh_, first->id());
  second.certificate = first->certificate;
  second.follow();
  ASSERT_TRUE(mesh_.until([&] { return !first->last_failure().empty(); }));
  EXPECT_THAT(first->last_failure(), HasSubstr("took its place"));
  first->vanish();
  ASSERT_TRUE(mesh_.until([&] { return is_synced(second.id()); }));
  EXPECT_TRUE(is_ready(second.id())) << "the end of the earlier stream does not count";
}

TEST_F(ControlPlaneTest, ADeregisteredWorkloadLosesItsStreamItsTokenAndItsRenewal) {
  const Json registered = register_workload("details");
  FakeProxy details(mesh_, registered["id"]);
  details.join(registered["join_token"]);
  details.follow();
  ASSERT_TRUE(mesh_.until([&] { return is_synced(details.id()); }));
  ASSERT_TRUE(details.request_certificate("")) << "a member may renew";
  ASSERT_EQ(mesh_.call("DELETE", "/v1/workloads/" + details.id()).status, 200);
  ASSERT_TRUE(mesh_.until([&] { return !details.last_failure().empty(); }));
  EXPECT_THAT(details.last_failure(), HasSubstr("not registered"));
  EXPECT_EQ(details.request_certificate(registered["join_token"]).error().code, ErrorCode::kUnauthenticated);
  EXPECT_EQ(details.request_certificate("").error().code, ErrorCode::kPermissionDenied);
}

TEST_F(ControlPlaneTest, CertificatesLastAsLongAsAskedButNeverLongerThanTheMeshAllows) {
  const auto details = member("details");
  const auto hours_of = [&](const ProxyCertificate& certificate) {
    const auto summary = *net::summarize_certificate(certificate.chain.at(0));
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(mesh_.now().time_since_epoch()).count();
    return static_cast<double>(summary.not_after - now) / 3600;
  };
  EXPECT_NEAR(hours_of(*details->request_certificate("", 3600)), 1, 0.01);
  EXPECT_NEAR(hours_of(*details->request_certificate("", 0)), 24, 0.01);
  EXPECT_NEAR(hours_of(*details->request_certificate("", 3600 * 1000)), 24, 0.01);
  EXPECT_NEAR(hours_of(*details->request_certificate("", INT64_MAX)), 24, 0.01);
  EXPECT_NEAR(hours_of(*details->request_certificate("", -5)), 24, 0.01);
}

TEST_F(ControlPlaneTest, WrongAndExpiredTokensGetNoCertificate) {
  const Json registered = register_workload("details");
  FakeProxy details(mesh_, registered["id"]);
  const auto nothing = details.request_certificate("");
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().code, ErrorCode::kUnauthenticated);
  EXPECT_THAT(nothing.error().message, HasSubstr("join token"));
  EXPECT_EQ(details.request_certificate("ripstop-nonsense").error().code, ErrorCode::kUnauthenticated);
  mesh_.skew = std::chrono::hours(24 * 400);
  ASSERT_TRUE(mesh_.authority().maintain(mesh_.now()));
  const auto late = details.request_certificate(registered["join_token"]);
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().message, HasSubstr("expired"));
}

TEST_F(ControlPlaneTest, StreamsOfStrangersAreRefusedWithASentence) {
  const auto details = member("details");
  const auto reviews = member("reviews");

  FakeProxy other_identity(mesh_, details->id());
  other_identity.certificate = reviews->certificate;
  EXPECT_THAT(refusal_of(other_identity),
              testing::AllOf(HasSubstr("PERMISSION_DENIED"), HasSubstr("sa/bookinfo-details, but the client's"),
                             HasSubstr("sa/bookinfo-reviews")));
  FakeProxy unknown(mesh_, "ghost-1");
  unknown.certificate = reviews->certificate;
  EXPECT_THAT(refusal_of(unknown), HasSubstr("\"ghost-1\", which is not registered"));
  FakeProxy naked(mesh_, details->id());
  EXPECT_THAT(refusal_of(naked), HasSubstr("showed no certificate"));
  FakeProxy contradicting(mesh_, details->id());
  contradicting.certificate = details->certificate;
  contradicting.metadata["NAMESPACE"] = "elsewhere";
  EXPECT_THAT(refusal_of(contradicting), HasSubstr("NAMESPACE is elsewhere"));
  EXPECT_FALSE(is_ready(details->id()));
  EXPECT_FALSE(mesh_.ads().is_connected(details->id()));
}

TEST_F(ControlPlaneTest, ACertificateOfAnotherMeshDoesNotPassTheHandshake) {
  const auto details = member("details");
  const net::testing::TestAuthority elsewhere;
  const auto issue = [&](long begins, long ends) {
    const auto issued = elsewhere.issue("spiffe://cluster.local/ns/default/sa/bookinfo-details", begins, ends);
    return ProxyCertificate{issued.key, {issued.certificate_pem, elsewhere.root_pem()}};
  };
  FakeProxy stranger(mesh_, details->id());
  stranger.certificate = issue(-60, 3600);
  EXPECT_THAT(refusal_of(stranger), Not(HasSubstr("PERMISSION_DENIED"))) << "it never comes to gRPC";
  const auto renewed = stranger.request_certificate("");
  ASSERT_FALSE(renewed);
  EXPECT_NE(renewed.error().code, ErrorCode::kPermissionDenied);
  EXPECT_NE(renewed.error().code, ErrorCode::kUnauthenticated);
  EXPECT_FALSE(mesh_.ads().is_connected(details->id()));
}

TEST_F(ControlPlaneTest, ARotatedRootReachesEveryProxyBeforeItSigns) {
  const auto details = ready_member("details");
  const auto roots_of = [&] {
    return xds::decode_secret(details->resources.at(std::string(xds::type::kSecret)).at("ROOTCA"))->trusted_roots_pem;
  };
  const std::string old_roots = roots_of();
  const auto rotate = [&](const char* body) { return mesh_.call("POST", "/v1/root/rotate", body); };
  EXPECT_THAT(rotate(R"({"step":"next"})").body, HasSubstr("distributing"));
  const auto early = rotate(R"({"step":"next"})");
  EXPECT_EQ(early.status, 409) << "the proxy cannot have it yet";
  EXPECT_THAT(early.body, HasSubstr(details->id()));
  ASSERT_TRUE(mesh_.until([&] { return roots_of() != old_roots && is_synced(details->id()); }));
  EXPECT_THAT(roots_of(), HasSubstr(old_roots));
  EXPECT_THAT(rotate(R"({"step":"next"})").body, HasSubstr("signing"));
  // The control plane's own certificate now is under the new root, and old and new members are both served.
  details->roots = old_roots;
  EXPECT_FALSE(details->request_certificate("")) << "who lacks the new root does not know the control plane any more";
  details->roots = roots_of();
  const auto renewed = details->request_certificate("");
  ASSERT_TRUE(renewed) << renewed.error().message;
  EXPECT_NE(renewed->chain.at(1), details->certificate.chain.at(1));
  details->certificate = *renewed;
  EXPECT_TRUE(details->request_certificate(""));
  EXPECT_EQ(rotate(R"({"step":"next"})").status, 503) << "certificates under the old root may still be in use";
  EXPECT_THAT(rotate(R"({"step":"next","force":true})").body, HasSubstr("steady"));
}

TEST_F(ControlPlaneTest, StoppingEndsStreamsAndWatchesInOrder) {
  const auto details = ready_member("details");
  net::HttpClientRequest request{.target = "/v1/watch", .fields = {{"authorization", "Bearer the-token-of-this-test"}}};
  auto watch = mesh_.await(net::http_open(mesh_.connect_api(), request, net::testing::soon()));
  ASSERT_TRUE(watch);
  mesh_.await(mesh_.control_plane().stop(mesh_.reactor.now() + std::chrono::seconds(5)));
  EXPECT_EQ(mesh_.await((*watch)->read(net::testing::soon())), "") << "the proper end of the body";
  EXPECT_THAT(details->last_failure(), HasSubstr("stopping"));
  EXPECT_TRUE(is_ready(details->id())) << "for the next start";
}

}  // namespace
}  // namespace ripstop::control
