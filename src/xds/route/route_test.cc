#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "xds/decode.h"
#include "xds/encode.h"
#include "xds/testing/mutation.h"
#include "xds/testing/random_models.h"

namespace ripstop::xds {
namespace {

using ::testing::ElementsAre;
using testing::from_text;
using ::testing::HasSubstr;
using testing::RandomModels;

// One route of one virtual host, the rest of the table being as short as it can be.
std::string table_with(const std::string& route) {
  return from_text(type::kRouteTable,
                   "name: \"t\" virtual_hosts { name: \"v\" domains: \"*\" routes { " + route + " } }");
}

std::string error_of(const std::string& route) {
  const auto table = decode_route_table(table_with(route));
  return table ? "accepted" : table.error().message;
}

model::Route decoded(const std::string& route) {
  const auto table = decode_route_table(table_with(route));
  EXPECT_TRUE(table.has_value()) << table.error().message;
  return table ? table->virtual_hosts.at(0).routes.at(0) : model::Route{};
}

TEST(RouteCodec, WhatIsEncodedIsDecodedAsItWas) {
  RandomModels models(11);
  for (int i = 0; i < 500; ++i) {
    const model::RouteTable table = models.route_table();
    const Resource resource = encode(table);
    const auto back = decode_route_table(resource.body);
    ASSERT_TRUE(back.has_value()) << back.error().message << "\n" << testing::to_text(resource);
    ASSERT_EQ(*back, table) << testing::to_text(resource);
  }
}

TEST(RouteCodec, ListsOfRetriableHeadersAreRefusedAndNotPassedOver) {
  // virtual_hosts { name: "w" domains: "x" retry_policy { retriable_headers {} } }, for which there is no field here.
  const std::string listed("\x12\x0b\x0a\x01w\x12\x01x\x82\x01\x02\x4a\x00", 13);
  const auto table = decode_route_table(table_with("match { prefix: \"/\" } redirect {}") + listed);
  ASSERT_FALSE(table);
  EXPECT_THAT(table.error().message, HasSubstr("virtual_hosts[1].retry_policy has field number 9"));
}

TEST(RouteCodec, OriginsTravelAlong) {
  RandomModels models(12);
  for (int i = 0; i < 100; ++i) {
    const model::RouteTable table = models.route_table();
    const auto back = decode_route_table(encode(table).body);
    ASSERT_TRUE(back.has_value());
    for (size_t host = 0; host < table.virtual_hosts.size(); ++host) {
      for (size_t route = 0; route < table.virtual_hosts[host].routes.size(); ++route) {
        const auto& before = table.virtual_hosts[host].routes[route].origin;
        const auto& after = back->virtual_hosts[host].routes[route].origin;
        ASSERT_EQ(before == nullptr, after == nullptr);
        if (before) EXPECT_EQ(*before, *after);
      }
    }
  }
}

TEST(RouteCodec, EqualModelsGiveEqualBytesAndVersions) {
  RandomModels first(13);
  RandomModels second(13);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(encode(first.route_table()), encode(second.route_table()));
}

TEST(RouteCodec, AnUnknownFieldAnywhereIsRefused) {
  RandomModels models(14);
  for (int i = 0; i < 25; ++i) {
    for (const std::string& body : testing::with_unknown_fields(encode(models.route_table()))) {
      const auto table = decode_route_table(body);
      ASSERT_FALSE(table.has_value()) << testing::to_text({std::string(type::kRouteTable), "", body, ""});
      EXPECT_EQ(table.error().code, ErrorCode::kUnsupported);
    }
  }
}

TEST(RouteCodec, EveryPrefixOfABodyIsRefusedOrHarmless) {
  RandomModels models(15);
  const std::string body = encode(models.route_table()).body;
  for (size_t i = 0; i < body.size(); ++i) (void)decode_route_table(std::string_view(body).substr(0, i));
}

TEST(RouteCodec, ALeftOutTimeoutIsFifteenSecondsAndZeroIsNone) {
  const auto limited = std::get<model::Forward>(decoded(R"(match { prefix: "/" } route { cluster: "c" })").action);
  EXPECT_EQ(limited.timeout, Duration(std::chrono::seconds(15)));
  const auto unlimited =
      std::get<model::Forward>(decoded(R"(match { prefix: "/" } route { cluster: "c" timeout {} })").action);
  EXPECT_EQ(unlimited.timeout, std::nullopt);
}

TEST(RouteCodec, OldHeaderMatchersOfEnvoyAreUnderstood) {
  const model::Route route = decoded(R"(route { cluster: "c" } match { prefix: "/"
      headers { name: "X-A" exact_match: "1" } headers { name: "b" prefix_match: "2" }
      headers { name: "c" suffix_match: "3" } headers { name: "d" contains_match: "4" }
      headers { name: "e" safe_regex_match { google_re2 {} regex: "5" } } headers { name: "f" present_match: false }
      headers { name: "g" } headers { name: ":method" exact_match: "GET" } })");
  EXPECT_EQ(route.match.method, (model::StringMatch{model::MatchKind::kExact, "GET", false}));
  EXPECT_THAT(route.match.headers, ElementsAre(model::HeaderMatch{"x-a", {model::MatchKind::kExact, "1"}},
                                               model::HeaderMatch{"b", {model::MatchKind::kPrefix, "2"}},
                                               model::HeaderMatch{"c", {model::MatchKind::kSuffix, "3"}},
                                               model::HeaderMatch{"d", {model::MatchKind::kContains, "4"}},
                                               model::HeaderMatch{"e", {model::MatchKind::kRegex, "5"}},
                                               model::HeaderMatch{"f", {model::MatchKind::kPresent, ""}, true},
                                               model::HeaderMatch{"g", {model::MatchKind::kPresent, ""}}));
}

TEST(RouteCodec, AnEmptyHeaderValueIsKeptOnlyWhenAskedFor) {
  const model::Route route = decoded(R"(match { prefix: "/" } route { cluster: "c" }
      request_headers_to_add { header { key: "a" } } request_headers_to_add { header { key: "b" } keep_empty_value: true }
      request_headers_to_add { header { key: "c" value: "1" } append { value: false } })");
  EXPECT_THAT(route.request_headers.add, ElementsAre(model::HeaderValue{"b", ""}));
  EXPECT_THAT(route.request_headers.set, ElementsAre(model::HeaderValue{"c", "1"}));
}

TEST(RouteCodec, SharesOfAHundredBecomeSharesOfAMillion) {
  const model::Route route = decoded(R"(match { prefix: "/" } route { cluster: "c" request_mirror_policies {
      cluster: "m" runtime_fraction { default_value { numerator: 10 } } } })");
  EXPECT_THAT(std::get<model::Forward>(route.action).mirrors, ElementsAre(model::Mirror{"m", 100'000}));
}

TEST(RouteCodec, ASegmentPrefixLosesTheSlashThatEnvoyRefuses) {
  model::RouteTable table;
  table.name = "t";
  model::Route route;
  route.action = model::NonForwarding{};
  route.match.path = {model::MatchKind::kSegmentPrefix, "/shop/"};
  table.virtual_hosts.push_back({.name = "v", .domains = {"*"}, .routes = {route}});
  EXPECT_THAT(testing::to_text(encode(table)), HasSubstr("path_separated_prefix: \"/shop\"\n"));
}

TEST(RouteCodec, WhatTheModelCannotSayIsRefusedByName) {
  const std::string prefix = R"(match { prefix: "/" } )";
  const std::vector<std::pair<std::string, std::string>> table = {
      {R"(route { cluster: "c" })", "virtual_hosts[0].routes[0].match is missing"},
      {R"(match {} route { cluster: "c" })", "match names no path"},
      {prefix, "routes[0] has no action"},
      {prefix + "route {}", "routes[0].route names no cluster"},
      {prefix + R"(route { weighted_clusters { clusters { name: "a" } } })", "sum is 0"},
      {prefix +
           R"(route { weighted_clusters { total_weight { value: 9 } clusters { name: "a" weight { value: 8 } } } })",
       "total_weight is not the sum"},
      {prefix + R"(route { cluster: "c" retry_policy { retry_on: "5xx, http3-post-connect-failure" } })",
       "retry_on has \"http3-post-connect-failure\""},
      {prefix + R"(route { cluster: "c" retry_policy { retriable_status_codes: 42 } })",
       "retry_policy.retriable_status_codes[0] is not an HTTP status"},
      {prefix + R"(route { cluster: "c" retry_policy { retry_back_off {} } })", "base_interval is missing or 0"},
      {prefix + R"(route { cluster: "c" upgrade_configs { upgrade_type: "websocket" enabled {} } })",
       "upgrade_configs[0].enabled is false"},
      {prefix + R"(route { cluster: "c" max_stream_duration { max_stream_duration { seconds: 1 } } })",
       "max_stream_duration.max_stream_duration is set"},
      {prefix + R"(direct_response { status: 99 })", "direct_response.status is not from 200"},
      {prefix + R"(direct_response { status: 200 body { filename: "/etc/passwd" } })", "body names a file"},
      {prefix + R"(redirect { port_redirect: 70000 })", "redirect.port_redirect is not a port"},
      {prefix + R"(non_forwarding_action {} typed_per_filter_config { key: "f" value { type_url: "x/a.B" } })",
       "typed_per_filter_config[\"f\"] is \"a.B\""},
      {prefix +
           R"(route { cluster: "c" } request_headers_to_add { header { key: "a" value: "1" } append_action: ADD_IF_ABSENT })",
       "request_headers_to_add[0].append_action must be"},
      {prefix + R"(route { cluster: "c" } request_headers_to_add { header { key: "a" value: "1" } }
                   request_headers_to_add { header { key: "A" value: "2" } append_action: OVERWRITE_IF_EXISTS_OR_ADD })",
       "request_headers_to_add[1] replaces a header"},
  };
  for (const auto& [text, message] : table) EXPECT_THAT(error_of(text), HasSubstr(message)) << text;
}

TEST(RouteCodec, TwoHostsWithOneDomainAreRefused) {
  const auto table = decode_route_table(from_text(
      type::kRouteTable, R"(virtual_hosts { name: "a" domains: "x" } virtual_hosts { name: "b" domains: "X" })"));
  ASSERT_FALSE(table.has_value());
  EXPECT_THAT(table.error().message, HasSubstr("the domain \"x\" more than once"));
}

}  // namespace
}  // namespace ripstop::xds
