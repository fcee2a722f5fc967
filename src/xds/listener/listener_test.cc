#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include "xds/decode.h"
#include "xds/encode.h"
#include "xds/testing/mutation.h"
#include "xds/testing/random_models.h"
#include "xds/wire/ignored.h"

namespace ripstop::xds {
namespace {

using ::testing::ElementsAre;
using testing::from_text;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RandomModels;

constexpr std::string_view kRouter =
    R"(http_filters { name: "envoy.filters.http.router" typed_config {
       [type.googleapis.com/envoy.extensions.filters.http.router.v3.Router] {} } })";

// A listener with one chain of one HTTP connection manager.
std::string listener_with(const std::string& manager) {
  return from_text(type::kListener,
                   R"(name: "l" address { socket_address { address: "0.0.0.0" port_value: 80 } }
      filter_chains { filters { name: "hcm" typed_config {
      [type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager] {)" +
                       manager + " } } } }");
}

std::string error_of(const std::string& manager) {
  const auto listener = decode_listener(listener_with(manager));
  return listener ? "accepted" : listener.error().message;
}

model::HttpConnection decoded(const std::string& manager) {
  const auto listener = decode_listener(listener_with(manager));
  EXPECT_TRUE(listener.has_value()) << listener.error().message;
  return listener ? std::get<model::HttpConnection>(listener->filter_chains.at(0).filter) : model::HttpConnection{};
}

TEST(ListenerCodec, WhatIsEncodedIsDecodedAsItWas) {
  RandomModels models(21);
  for (int i = 0; i < 500; ++i) {
    const model::Listener listener = models.listener();
    const Resource resource = encode(listener);
    const auto back = decode_listener(resource.body);
    ASSERT_TRUE(back.has_value()) << back.error().message << "\n" << testing::to_text(resource);
    ASSERT_EQ(*back, listener) << testing::to_text(resource);
  }
}

TEST(ListenerCodec, EqualModelsGiveEqualBytesAndVersions) {
  RandomModels first(22);
  RandomModels second(22);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(encode(first.listener()), encode(second.listener()));
}

TEST(ListenerCodec, AnUnknownFieldAnywhereIsRefused) {
  RandomModels models(23);
  for (int i = 0; i < 15; ++i) {
    for (const std::string& body : testing::with_unknown_fields(encode(models.listener()))) {
      const auto listener = decode_listener(body);
      ASSERT_FALSE(listener.has_value()) << testing::to_text({std::string(type::kListener), "", body, ""});
      EXPECT_EQ(listener.error().code, ErrorCode::kUnsupported);
    }
  }
}

TEST(ListenerCodec, EveryPrefixOfABodyIsRefusedOrHarmless) {
  RandomModels models(24);
  const std::string body = encode(models.listener()).body;
  for (size_t i = 0; i < body.size(); ++i) (void)decode_listener(std::string_view(body).substr(0, i));
}

TEST(ListenerCodec, DefaultsOfTheApiAreObeyed) {
  const model::HttpConnection http =
      decoded(std::string(R"(rds { route_config_name: "r" config_source { ads {} } })") + std::string(kRouter));
  model::HttpConnection expected;
  expected.route_table_name = "r";
  expected.normalize_path = false;
  EXPECT_EQ(http, expected);
}

TEST(ListenerCodec, RoutesByAdsGetTheFaultFilterAndInlineOnesOnlyWhenTheyNeedIt) {
  model::Listener listener;
  listener.name = "l";
  model::HttpConnection http;
  http.route_table_name = "r";
  listener.filter_chains.push_back({.filter = http});
  EXPECT_THAT(testing::to_text(encode(listener)), HasSubstr("envoy.filters.http.fault"));
  http.inline_routes = model::RouteTable{};
  listener.filter_chains[0].filter = http;
  EXPECT_THAT(testing::to_text(encode(listener)), Not(HasSubstr("envoy.filters.http.fault")));
}

TEST(ListenerCodec, GrpcWebIsServedWhereItsFilterStands) {
  const std::string routes = R"(rds { route_config_name: "r" config_source { ads {} } } )";
  EXPECT_FALSE(decoded(routes + std::string(kRouter)).grpc_web);
  const std::string filter = R"(http_filters { name: "envoy.filters.http.grpc_web" typed_config {
      type_url: "type.googleapis.com/envoy.extensions.filters.http.grpc_web.v3.GrpcWeb" } } )";
  EXPECT_TRUE(decoded(routes + filter + std::string(kRouter)).grpc_web);
}

TEST(ListenerCodec, WhatIstiosTelemetryAddsIsPassedOver) {
  const model::HttpConnection http = decoded(
      R"(rds { route_config_name: "r" config_source { ads {} initial_fetch_timeout {} } }
         http_filters { name: "istio.stats" typed_config { type_url: "type.googleapis.com/stats.PluginConfig" } }
         http_filters { name: "istio.metadata_exchange" typed_config { type_url: "t/udpa.type.v1.TypedStruct" } }
         http_filters { name: "envoy.filters.http.grpc_stats" typed_config {
           type_url: "type.googleapis.com/envoy.extensions.filters.http.grpc_stats.v3.FilterConfig" } })" +
      std::string(kRouter));
  EXPECT_EQ(http.route_table_name, "r");
}

TEST(ListenerCodec, WhatTheModelCannotSayIsRefusedByName) {
  const std::string good = R"(rds { route_config_name: "r" config_source { ads {} } } )" + std::string(kRouter);
  const std::vector<std::pair<std::string, std::string>> table = {
      {std::string(kRouter), "has no routes (rds or route_config)"},
      {R"(rds { route_config_name: "r" config_source { ads {} } })", "http_filters must end with"},
      {R"(rds { config_source { ads {} } } )" + std::string(kRouter), "rds.route_config_name is empty"},
      {R"(rds { route_config_name: "r" } )" + std::string(kRouter), "rds.config_source must be \"ads\""},
      {good + R"(http_filters { name: "lua" typed_config { type_url: "x/a.Lua" } })", "is \"a.Lua\" (filter lua)"},
      {good + "forward_client_cert_details: SANITIZE_SET", "set_current_client_cert_details must set"},
      {good + "server_header_transformation: APPEND_IF_ABSENT", "server_header_transformation must be"},
      {good + "max_request_headers_kb { value: 9000 }", "max_request_headers_kb is not from 1 to 8192"},
      {good + "common_http_protocol_options { max_requests_per_connection { value: 1 } }", "towards clients"},
      {good + "access_log { name: \"x\" typed_config { type_url: \"x/a.Grpc\" } }", "access_log[0].typed_config is"},
  };
  for (const auto& [text, message] : table) {
    EXPECT_THAT(error_of(text), HasSubstr("Listener.filter_chains[0].filters[0].typed_config")) << text;
    EXPECT_THAT(error_of(text), HasSubstr(message)) << text;
  }
}

TEST(ListenerCodec, AnAccessLogWithoutAFormatHasEnvoys) {
  const model::HttpConnection http = decoded(
      R"(rds { route_config_name: "r" config_source { ads {} } } access_log { typed_config {
         [type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog] {} } } )" +
      std::string(kRouter));
  ASSERT_EQ(http.access_logs.size(), 1U);
  EXPECT_EQ(http.access_logs[0].path, "/dev/stdout");
  EXPECT_THAT(http.access_logs[0].format, HasSubstr("\"%UPSTREAM_HOST%\"\n"));
}

TEST(ListenerCodec, AJsonFormatThatIsNoJsonBecomesTheDefaultOne) {
  model::Listener listener;
  listener.name = "l";
  listener.filter_chains.push_back(
      {.filter = model::TcpProxy{.stat_prefix = "t",
                                 .clusters = {{.cluster = "c"}},
                                 .access_logs = {{.path = "/dev/stdout", .is_json = true, .format = "{oops"}}}});
  const auto back = decode_listener(encode(listener).body);
  ASSERT_TRUE(back.has_value());
  const auto& tcp = std::get<model::TcpProxy>(back->filter_chains[0].filter);
  EXPECT_THAT(tcp.access_logs, ElementsAre(model::AccessLog{.path = "/dev/stdout", .is_json = true, .format = ""}));
}

TEST(ListenerCodec, EveryFieldSaidToBeIgnoredExists) {
  (void)encode(model::Listener{});  // links the generated messages in
  const auto* pool = google::protobuf::DescriptorPool::generated_pool();
  for (const IgnoredField& one : kIgnoredFields) {
    const auto* message = pool->FindMessageTypeByName(std::string(one.message));
    ASSERT_NE(message, nullptr) << one.message;
    EXPECT_NE(message->FindFieldByName(std::string(one.field)), nullptr) << one.message << "." << one.field;
    EXPECT_FALSE(one.reason.empty());
  }
}

TEST(NameTableCodec, WhatIsEncodedIsDecodedAsItWas) {
  RandomModels models(31);
  for (int i = 0; i < 300; ++i) {
    const model::NameTable table = models.name_table();
    const Resource resource = encode(table);
    EXPECT_EQ(resource.name, "nds");
    const auto back = decode_name_table(resource.body);
    ASSERT_TRUE(back.has_value()) << back.error().message;
    EXPECT_EQ(*back, table);
    for (const std::string& body : testing::with_unknown_fields(resource)) {
      EXPECT_FALSE(decode_name_table(body).has_value());
    }
  }
}

TEST(NameTableCodec, ShortFormsAreMadeFromIstiosNames) {
  const auto table = decode_name_table(from_text(type::kNameTable, R"(table { key: "Reviews.default.svc.cluster.local."
      value { ips: "10.0.0.1" registry: "Kubernetes" shortname: "reviews" namespace: "default" } })"));
  ASSERT_TRUE(table.has_value());
  ASSERT_EQ(table->entries.size(), 1U);
  EXPECT_EQ(table->entries[0].host, "reviews.default.svc.cluster.local");
  EXPECT_THAT(table->entries[0].alt_hosts, ElementsAre("reviews.default", "reviews.default.svc"));
}

TEST(NameTableCodec, WhatIsNoAddressIsRefused) {
  const auto table = decode_name_table(from_text(type::kNameTable, R"(table { key: "a" value { ips: "nope" } })"));
  ASSERT_FALSE(table.has_value());
  EXPECT_THAT(table.error().message, HasSubstr("NameTable.table[\"a\"].ips[0] is not an IP address"));
}

}  // namespace
}  // namespace ripstop::xds
