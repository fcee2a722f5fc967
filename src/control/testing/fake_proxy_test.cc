#include "control/testing/fake_proxy.h"

#include <gtest/gtest.h>

#include "envoy/config/core/v3/base.pb.h"
#include "envoy/service/discovery/v3/discovery.pb.h"
#include "istio/v1/auth/ca.pb.h"

namespace ripstop::control {

Result<ProxyCertificate> FakeProxy::request_certificate(const std::string& token, int64_t seconds) {
  net::GrpcChannel channel(connector(), {.authority = "control"});
  const auto key = *net::TlsKey::generate();
  istio::v1::auth::IstioCertificateRequest request;
  // The name in a request is nothing to the control plane.
  request.set_csr(*key->certificate_request("spiffe://cluster.local/ns/whoever/sa/whoever"));
  request.set_validity_duration(seconds);
  net::FieldBlock fields;
  if (!token.empty()) fields.add("authorization", "Bearer " + token);
  auto reply = mesh_.await(channel.unary("/istio.v1.auth.IstioCertificateService/CreateCertificate",
                                         request.SerializeAsString(), std::move(fields), kNever));
  if (!reply) return fail_with(reply);
  istio::v1::auth::IstioCertificateResponse response;
  EXPECT_TRUE(response.ParseFromString(*reply));
  return ProxyCertificate{key, {response.cert_chain().begin(), response.cert_chain().end()}};
}

std::string FakeProxy::node() const {
  envoy::config::core::v3::Node wire;
  wire.set_id("sidecar~127.0.0.1~" + id_ + ".default~default.svc.cluster.local");
  auto& fields = *wire.mutable_metadata()->mutable_fields();
  for (const auto& [key, value] : metadata) fields[key].set_string_value(value);
  return wire.SerializeAsString();
}

std::string FakeProxy::state_of_the_world_request(std::string_view type, const std::string& version,
                                                  const std::string& nonce) const {
  envoy::service::discovery::v3::DiscoveryRequest request;
  request.mutable_node()->ParseFromString(node());
  request.set_type_url(std::string(type));
  request.set_version_info(version);
  request.set_response_nonce(nonce);
  return request.SerializeAsString();
}

FakeProxy::WholeState FakeProxy::read_state_of_the_world(const std::string& message) {
  envoy::service::discovery::v3::DiscoveryResponse response;
  EXPECT_TRUE(response.ParseFromString(message));
  WholeState state{.version = response.version_info(), .nonce = response.nonce(), .names = {}};
  for (const auto& resource : response.resources()) state.names.push_back(xds::decode_cluster(resource.value())->name);
  return state;
}

namespace {

TEST(FakeProxy, SaysWhoItIsByItsNode) {
  TestMesh mesh;
  FakeProxy proxy(mesh, "reviews-v1-1");
  proxy.metadata["NAMESPACE"] = "default";
  envoy::config::core::v3::Node node;
  ASSERT_TRUE(node.ParseFromString(proxy.node()));
  EXPECT_EQ(node.id(), "sidecar~127.0.0.1~reviews-v1-1.default~default.svc.cluster.local");
  EXPECT_EQ(node.metadata().fields().at("NAMESPACE").string_value(), "default");
}

}  // namespace
}  // namespace ripstop::control
