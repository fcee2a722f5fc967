#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "xds/decode.h"
#include "xds/encode.h"
#include "xds/testing/mutation.h"
#include "xds/testing/random_models.h"

namespace ripstop::xds {
namespace {

using testing::from_text;
using ::testing::HasSubstr;
using testing::RandomModels;

constexpr int kRounds = 500;

std::string error_of(const std::string& text) {
  const auto cluster = decode_cluster(from_text(type::kCluster, text));
  return cluster ? "accepted" : cluster.error().message;
}

model::Cluster decoded(const std::string& text) {
  auto cluster = decode_cluster(from_text(type::kCluster, text));
  EXPECT_TRUE(cluster.has_value()) << cluster.error().message;
  return cluster ? *cluster : model::Cluster{};
}

TEST(ClusterCodec, WhatIsEncodedIsDecodedAsItWas) {
  RandomModels models(1);
  for (int i = 0; i < kRounds; ++i) {
    const model::Cluster cluster = models.cluster();
    const Resource resource = encode(cluster);
    EXPECT_EQ(resource.name, cluster.name);
    const auto back = decode_cluster(resource.body);
    ASSERT_TRUE(back.has_value()) << back.error().message << "\n" << testing::to_text(resource);
    ASSERT_EQ(*back, cluster) << testing::to_text(resource);
    ASSERT_EQ(back->origin == nullptr, cluster.origin == nullptr);
    if (cluster.origin) EXPECT_EQ(*back->origin, *cluster.origin);
  }
}

TEST(ClusterCodec, EqualModelsGiveEqualBytesAndVersions) {
  RandomModels first(2);
  RandomModels second(2);
  for (int i = 0; i < kRounds; ++i) EXPECT_EQ(encode(first.cluster()), encode(second.cluster()));
}

TEST(ClusterCodec, AnUnknownFieldAnywhereIsRefused) {
  RandomModels models(3);
  for (int i = 0; i < 60; ++i) {
    const Resource resource = encode(models.cluster());
    for (const std::string& body : testing::with_unknown_fields(resource)) {
      const auto cluster = decode_cluster(body);
      ASSERT_FALSE(cluster.has_value()) << testing::to_text({std::string(type::kCluster), "", body, ""});
      EXPECT_EQ(cluster.error().code, ErrorCode::kUnsupported);
      EXPECT_THAT(cluster.error().message, HasSubstr("field number 99999"));
    }
  }
}

TEST(ClusterCodec, EveryPrefixOfABodyIsRefusedOrHarmless) {
  RandomModels models(4);
  const std::string body = encode(models.cluster()).body;
  for (size_t i = 0; i < body.size(); ++i) (void)decode_cluster(std::string_view(body).substr(0, i));
}

TEST(ClusterCodec, ABodyAboveTheBoundIsRefusedUnread) {
  const auto cluster = decode_cluster(std::string((16U << 20) + 1, '\0'));
  ASSERT_FALSE(cluster.has_value());
  EXPECT_EQ(cluster.error().code, ErrorCode::kTooLarge);
}

TEST(ClusterCodec, OptionalTlsHasTheShapeThatIstiosOwnClustersHave) {
  model::Cluster cluster;
  cluster.name = "reviews";
  cluster.tls = model::UpstreamTls{.secrets = {.certificate = "default", .trusted_roots = "ROOTCA"},
                                   .sni = "outbound_.9080_._.reviews",
                                   .alpn = {"istio"},
                                   .peer_names = {{.text = "spiffe://cluster.local/ns/default/sa/reviews"}}};
  cluster.tls_only_where_taken = true;
  const std::string text = testing::to_text(encode(cluster));
  EXPECT_THAT(text, HasSubstr("name: \"tlsMode-istio\""));
  EXPECT_THAT(text, HasSubstr("name: \"tlsMode-disabled\""));
  EXPECT_THAT(text, HasSubstr("[type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer]"));
  EXPECT_THAT(text, HasSubstr("san_type: URI"));
  EXPECT_THAT(text, HasSubstr("combined_validation_context"));
}

TEST(ClusterCodec, DefaultsOfTheApiAreTheDefaultsOfTheModel) {
  const model::Cluster cluster = decoded(
      R"(name: "c" type: EDS eds_cluster_config { eds_config { ads {} } } circuit_breakers { thresholds {} }
         outlier_detection { enforcing_success_rate {} })");
  EXPECT_EQ(cluster.connect_timeout, std::chrono::seconds(5));
  EXPECT_EQ(cluster.panic_percent, 50U);
  EXPECT_EQ(cluster.breaker, model::CircuitBreaker{});
  EXPECT_EQ(cluster.outlier, model::OutlierDetection{});
  EXPECT_EQ(cluster.protocol, model::UpstreamProtocol::kHttp1);
}

TEST(ClusterCodec, OneHostMayAlwaysBeEjectedWhereThePolicySaysSo) {
  const std::string outlier = R"(name: "c" type: ORIGINAL_DST outlier_detection { enforcing_success_rate {} )";
  EXPECT_TRUE(decoded(outlier + "always_eject_one_host { value: true } }").outlier->always_eject_one);
  EXPECT_FALSE(decoded(outlier + "always_eject_one_host {} }").outlier->always_eject_one);
}

TEST(ClusterCodec, ReadsEveryWayToNameTheProtocol) {
  const std::string eds = R"(name: "c" type: EDS eds_cluster_config { eds_config { ads {} } } )";
  const auto typed = [&eds](const std::string& options) {
    return decoded(eds + R"(typed_extension_protocol_options {
        key: "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
        value { [type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions] { )" +
                   options + "} } }");
  };
  using model::UpstreamProtocol;
  EXPECT_EQ(decoded(eds + "http2_protocol_options {}").protocol, UpstreamProtocol::kHttp2);
  EXPECT_EQ(typed("explicit_http_config { http2_protocol_options {} }").protocol, UpstreamProtocol::kHttp2);
  EXPECT_EQ(typed("explicit_http_config { http_protocol_options {} }").protocol, UpstreamProtocol::kHttp1);
  EXPECT_EQ(typed("use_downstream_protocol_config {}").protocol, UpstreamProtocol::kSameAsDownstream);
  EXPECT_EQ(typed("auto_config {}").protocol, UpstreamProtocol::kNegotiated);
  EXPECT_EQ(typed("auto_config {} common_http_protocol_options { max_connection_duration { seconds: 9 } }")
                .max_connection_duration,
            std::chrono::seconds(9));
}

TEST(ClusterCodec, EjectionBySuccessRateMustBeSwitchedOff) {
  EXPECT_THAT(error_of(R"(name: "c" type: ORIGINAL_DST outlier_detection {})"),
              HasSubstr("Cluster.outlier_detection.enforcing_success_rate must be set to 0"));
}

TEST(ClusterCodec, AHealthCheckThatCannotBeMadeIsRefusedByName) {
  const std::string begin =
      R"(name: "a" type: ORIGINAL_DST lb_policy: CLUSTER_PROVIDED health_checks { timeout { seconds: 1 } )";
  const std::string pace = "interval { seconds: 1 } unhealthy_threshold { value: 2 } healthy_threshold { value: 2 } ";
  EXPECT_THAT(error_of(begin + pace + "tcp_health_check {} }"), HasSubstr("does not go with the cluster's type"));
  const std::vector<std::pair<std::string, std::string>> table = {
      {"tcp_health_check {}", "health_checks[0].interval is not above 0"},
      {"interval { seconds: 1 } tcp_health_check {}", "unhealthy_threshold is not above 0"},
      {pace, "must check by http_health_check, tcp_health_check or grpc_health_check"},
      {pace + "http_health_check { path: \"\" }", "http_health_check.path is not a path"},
      {pace + "http_health_check { path: \"/a\\r\\nb: c\" }", "http_health_check.path is not a path"},
      {pace + "http_health_check { path: \"/\" host: \"a b\" }", "http_health_check.host is not a host"},
      {pace + "http_health_check { path: \"/\" expected_statuses { start: 200 end: 200 } }", "expected_statuses[0]"},
      {pace + "http_health_check { path: \"/\" expected_statuses { start: 99 end: 601 } }", "expected_statuses[0]"},
      {pace + "grpc_health_check { authority: \"a\\nb\" }", "grpc_health_check.authority is not an authority"},
      {pace + "tcp_health_check { send { text: \"0g\" } }", "tcp_health_check.send.text is not hexadecimal"},
      {pace + "tcp_health_check { receive { text: \"abc\" } }", "tcp_health_check.receive[0].text is not one to"},
      {pace + "tcp_health_check {} alt_port { value: 65536 }", "alt_port is not a port"},
      {pace + "tcp_health_check {} } health_checks {", "health_checks[1] is a second one"},
  };
  for (const auto& [text, message] : table) EXPECT_THAT(error_of(begin + text + "}"), HasSubstr(message)) << text;
}

TEST(ClusterCodec, ARetryBudgetIsRefusedAndNotPassedOver) {
  // circuit_breakers { thresholds { retry_budget {} } }, for which there is no field here.
  const std::string budget("\x52\x04\x0a\x02\x42\x00", 6);
  const auto cluster = decode_cluster(from_text(type::kCluster, R"(name: "c" type: ORIGINAL_DST)") + budget);
  ASSERT_FALSE(cluster);
  EXPECT_THAT(cluster.error().message, HasSubstr("circuit_breakers.thresholds[0] has field number 8"));
}

TEST(ClusterCodec, WhatTheModelCannotSayIsRefusedByName) {
  const std::string eds = R"(name: "c" type: EDS eds_cluster_config { eds_config { ads {} } } )";
  const std::vector<std::pair<std::string, std::string>> table = {
      {R"(type: ORIGINAL_DST)", "Cluster.name is empty"},
      {R"(name: "c" type: EDS)", "eds_config must be \"ads\""},
      {R"(name: "c" type: STATIC)", "load_assignment is missing"},
      {eds + "load_assignment { cluster_name: \"c\" }", "load_assignment does not go with"},
      {eds + "connect_timeout { seconds: -1 }", "Cluster.connect_timeout is negative"},
      {eds + "connect_timeout { seconds: 1 nanos: 1000000000 }", "out of range"},
      {eds + "connect_timeout { seconds: 300000000000 }", "out of range"},
      {eds + "connect_timeout {}", "connect_timeout is 0"},
      {eds + "common_lb_config { healthy_panic_threshold { value: 12.5 } }", "whole number"},
      {eds + "lb_policy: LEAST_REQUEST least_request_lb_config { choice_count { value: 1 } }", "below 2"},
      {eds + "transport_socket { name: \"x\" typed_config { type_url: \"type.googleapis.com/a.B\" } }", "is \"a.B\""},
      {eds + "typed_extension_protocol_options { key: \"x\" value { type_url: \"t/a.B\" } }",
       "typed_extension_protocol_options[\"x\"] is \"a.B\""},
      {eds + "outlier_detection { enforcing_success_rate {} enforcing_consecutive_5xx { value: 50 } }",
       "must be 0 or 100"},
      {R"(name: "c" type: STATIC load_assignment { cluster_name: "c" endpoints { lb_endpoints { endpoint { address {
          socket_address { address: "example.com" port_value: 1 } } } } } })",
       "load_assignment.endpoints[0].lb_endpoints[0].endpoint.address.socket_address.address is \"example.com\", not"},
      {R"(name: "c" type: STATIC load_assignment { cluster_name: "c" endpoints { lb_endpoints { endpoint { address {
          socket_address { address: "1.2.3.4" port_value: 70000 } } } } } })",
       "port_value is not a port number"},
  };
  for (const auto& [text, message] : table) EXPECT_THAT(error_of(text), HasSubstr(message)) << text;
}

TEST(ClusterCodec, AllProblemsAreToldNotOnlyTheFirst) {
  const std::string message = error_of("type: STATIC connect_timeout { seconds: -1 }");
  EXPECT_THAT(message, HasSubstr("Cluster.name is empty; "));
  EXPECT_THAT(message, HasSubstr("connect_timeout is negative"));
}

TEST(ClusterCodec, WhatIstiosTelemetryAddsIsPassedOver) {
  const model::Cluster cluster = decoded(
      R"(name: "c" alt_stat_name: "c;" type: STRICT_DNS load_assignment { cluster_name: "c" } respect_dns_ttl: true
         dns_lookup_family: V4_ONLY per_connection_buffer_limit_bytes { value: 32768 }
         circuit_breakers { thresholds { track_remaining: true max_connections { value: 7 } } }
         metadata { filter_metadata { key: "istio" value { fields { key: "config" value {
           string_value: "/apis/networking.istio.io/v1alpha3/namespaces/default/destination-rule/reviews" } } } } })");
  EXPECT_EQ(cluster.breaker.max_connections, 7U);
  ASSERT_NE(cluster.origin, nullptr);
  EXPECT_EQ(cluster.origin->to_string(), "DestinationRule default/reviews");
}

TEST(ClusterCodec, ANameMatcherForOneKindOfNameOnlyIsRefusedWhereTheOtherKindCouldFit) {
  model::Cluster cluster;
  cluster.name = "c";
  cluster.tls = model::UpstreamTls{.secrets = {.certificate = {}, .trusted_roots = "ROOTCA"},
                                   .sni = {},
                                   .alpn = {},
                                   .peer_names = {{.kind = model::MatchKind::kRegex, .text = ".*example"}}};
  const Resource resource = encode(cluster);
  EXPECT_THAT(testing::to_text(resource), HasSubstr("san_type: DNS"));
  ASSERT_TRUE(decode_cluster(resource.body).has_value());
  std::string body = resource.body;
  // The SAN type is the first byte pair of each matcher: DNS (2) becomes URI (3), so no DNS twin is left.
  const size_t dns = body.rfind(std::string("\x08\x02", 2), body.rfind(".*example"));
  ASSERT_NE(dns, std::string::npos);
  body[dns + 1] = 3;
  const auto cluster_back = decode_cluster(body);
  ASSERT_FALSE(cluster_back.has_value());
  EXPECT_THAT(cluster_back.error().message, HasSubstr("must be listed for URI and then again for DNS"));
}

TEST(LoadAssignmentCodec, WhatIsEncodedIsDecodedAsItWas) {
  RandomModels models(5);
  for (int i = 0; i < kRounds; ++i) {
    const model::LoadAssignment assignment = models.assignment(false);
    const Resource resource = encode(assignment);
    const auto back = decode_load_assignment(resource.body);
    ASSERT_TRUE(back.has_value()) << back.error().message;
    ASSERT_EQ(*back, assignment) << testing::to_text(resource);
  }
}

TEST(LoadAssignmentCodec, AnUnknownFieldAnywhereIsRefused) {
  RandomModels models(6);
  for (int i = 0; i < 40; ++i) {
    for (const std::string& body : testing::with_unknown_fields(encode(models.assignment(false)))) {
      const auto assignment = decode_load_assignment(body);
      ASSERT_FALSE(assignment.has_value());
      EXPECT_EQ(assignment.error().code, ErrorCode::kUnsupported);
    }
  }
}

TEST(LoadAssignmentCodec, WorkloadMetadataHasIstiosFivePartsInOrder) {
  model::LoadAssignment assignment;
  assignment.cluster = "c";
  model::Endpoint endpoint;
  endpoint.address = *SocketAddress::parse("10.0.0.1:80");
  endpoint.takes_mtls = true;
  endpoint.labels = {.workload = "reviews-v1",
                     .ns = "default",
                     .app = {},
                     .version = {},
                     .canonical_service = "reviews",
                     .canonical_revision = "v1",
                     .cluster = "east",
                     .principal = {}};
  assignment.localities.push_back({.endpoints = {endpoint}});
  const std::string text = testing::to_text(encode(assignment));
  EXPECT_THAT(text, HasSubstr("reviews-v1;default;reviews;v1;east"));
  EXPECT_THAT(text, HasSubstr("envoy.transport_socket_match"));
}

TEST(LoadAssignmentCodec, MoreEndpointsThanTheBoundAreRefused) {
  // 100,001 empty endpoints of two bytes each, in one locality.
  std::string endpoints;
  for (int i = 0; i <= 100'000; ++i) endpoints += std::string("\x12\x00", 2);
  std::string body = std::string("\x0a\x01") + "c" + "\x12";
  for (size_t size = endpoints.size(); size != 0; size >>= 7) {
    body += static_cast<char>((size & 0x7F) | (size > 0x7F ? 0x80 : 0));
  }
  const auto assignment = decode_load_assignment(body + endpoints);
  ASSERT_FALSE(assignment.has_value());
  EXPECT_EQ(assignment.error().code, ErrorCode::kTooLarge);
}

TEST(SecretCodec, WhatIsEncodedIsDecodedAsItWas) {
  RandomModels models(7);
  for (int i = 0; i < kRounds; ++i) {
    const model::Secret secret = models.secret();
    const auto back = decode_secret(encode(secret).body);
    ASSERT_TRUE(back.has_value()) << back.error().message;
    EXPECT_EQ(*back, secret);
    for (const std::string& body : testing::with_unknown_fields(encode(secret))) {
      EXPECT_FALSE(decode_secret(body).has_value());
    }
  }
}

TEST(SecretCodec, FilesAreRefused) {
  const std::string body =
      from_text(type::kSecret, R"(name: "s" validation_context { trusted_ca { filename: "/x" } })");
  const auto secret = decode_secret(body);
  ASSERT_FALSE(secret.has_value());
  EXPECT_THAT(secret.error().message, HasSubstr("must be inline_string or inline_bytes"));
}

}  // namespace
}  // namespace ripstop::xds
