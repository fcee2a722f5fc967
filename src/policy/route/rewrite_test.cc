#include "policy/route/rewrite.h"

#include <gtest/gtest.h>

namespace ripstop::policy {
namespace {

using model::MatchKind;

struct Table {
  std::shared_ptr<const CompiledRouteTable> compiled;
  const CompiledRoute* route = nullptr;
};

Result<Table> table_of(model::StringMatch path, model::RouteAction action) {
  auto source = std::make_shared<model::RouteTable>();
  source->virtual_hosts = {{.name = "h", .domains = {"*"}}};
  auto& made = source->virtual_hosts[0].routes.emplace_back();
  made.match.path = std::move(path);
  made.action = std::move(action);
  auto compiled = CompiledRouteTable::compile(source);
  if (!compiled) return fail_with(compiled);
  // The only route, whatever the request: asked for with a path that it takes.
  Table table{*compiled, nullptr};
  for (const char* candidate : {"/", "/api", "/api/v1", "/old/x", "/a/b"}) {
    if (table.route == nullptr) table.route = (*compiled)->find({.authority = "x", .path = candidate}).route;
  }
  return table;
}

model::Forward with_prefix(std::string prefix) {
  return {.clusters = {{.cluster = "c"}}, .prefix_rewrite = std::move(prefix)};
}

model::Forward with_regex(std::string pattern, std::string substitution) {
  return {.clusters = {{.cluster = "c"}},
          .regex_rewrite = model::RegexRewrite{std::move(pattern), std::move(substitution)}};
}

struct RewriteCase {
  model::StringMatch match;
  model::Forward forward;
  std::string path;
  std::string expected;
};

class RewritingTable : public testing::TestWithParam<RewriteCase> {};

TEST_P(RewritingTable, FollowsItsTable) {
  const RewriteCase& row = GetParam();
  const auto table = table_of(row.match, row.forward);
  ASSERT_TRUE(table.has_value()) << table.error().message;
  ASSERT_NE(table->route, nullptr);
  std::string storage = "left over";
  const auto path = rewrite_path(*table->route, row.path, storage);
  ASSERT_TRUE(path.has_value()) << path.error().message;
  EXPECT_EQ(*path, row.expected);
}

INSTANTIATE_TEST_SUITE_P(
    , RewritingTable,
    testing::Values(RewriteCase{{MatchKind::kPrefix, "/api"}, {.clusters = {{.cluster = "c"}}}, "/api/x", "/api/x"},
                    RewriteCase{{MatchKind::kPrefix, "/api"}, with_prefix(""), "/api/x", "/api/x"},
                    RewriteCase{{MatchKind::kPrefix, "/api"}, with_prefix("/v2"), "/api/x", "/v2/x"},
                    RewriteCase{{MatchKind::kPrefix, "/api"}, with_prefix("/"), "/api/x", "//x"},
                    RewriteCase{{MatchKind::kPrefix, "/api/"}, with_prefix("/"), "/api/x", "/x"},
                    RewriteCase{{MatchKind::kPrefix, "/api"}, with_prefix("v2"), "/api", "/v2"},
                    RewriteCase{{MatchKind::kPrefix, "/API", true}, with_prefix("/v2"), "/api/x", "/v2/x"},
                    RewriteCase{{MatchKind::kSegmentPrefix, "/api/"}, with_prefix("/v2"), "/api", "/v2"},
                    RewriteCase{{MatchKind::kSegmentPrefix, "/api"}, with_prefix("/v2"), "/api/x", "/v2/x"},
                    RewriteCase{{MatchKind::kExact, "/api"}, with_prefix("/v2"), "/api", "/v2"},
                    RewriteCase{{MatchKind::kRegex, "/a.*"}, with_prefix("/v2"), "/api/long", "/v2"},
                    RewriteCase{{MatchKind::kPrefix, "/"},
                                with_regex("^/service/([^/]+)(/.*)$", "\\2/instance/\\1"),
                                "/service/foo/v1/api",
                                "/v1/api/instance/foo"},
                    RewriteCase{{MatchKind::kPrefix, "/"},
                                with_regex("one", "two"),
                                "/xxx/one/yyy/one/zzz",
                                "/xxx/two/yyy/two/zzz"},
                    RewriteCase{{MatchKind::kPrefix, "/"},
                                with_regex("^(.*?)one(.*)$", "\\1two\\2"),
                                "/xxx/one/yyy/one/zzz",
                                "/xxx/two/yyy/one/zzz"},
                    RewriteCase{{MatchKind::kPrefix, "/"}, with_regex("none", "x"), "/a/b", "/a/b"},
                    RewriteCase{{MatchKind::kPrefix, "/"}, with_regex("^/", "a"), "/b", "/ab"},
                    RewriteCase{{MatchKind::kPrefix, "/"}, with_regex("b*", "-"), "/abba", "/-/-a-a-"}));

TEST(Rewriting, RefusesAResultPastItsBudget) {
  const auto table = table_of({MatchKind::kPrefix, "/"}, with_regex("a", std::string(1000, 'x')));
  ASSERT_TRUE(table.has_value());
  std::string storage;
  const auto path = rewrite_path(*table->route, "/" + std::string(1000, 'a'), storage);
  ASSERT_FALSE(path.has_value());
  EXPECT_EQ(path.error().code, ErrorCode::kTooLarge);
  EXPECT_LT(storage.size(), kMaxRewrittenPath + 2000);
}

TEST(Rewriting, RefusesWhatCouldBreakOutOfThePath) {
  EXPECT_FALSE(table_of({MatchKind::kPrefix, "/"}, with_prefix("/a b")).has_value());
  EXPECT_FALSE(table_of({MatchKind::kPrefix, "/"}, with_prefix("/a\r\nx: y")).has_value());
  EXPECT_FALSE(table_of({MatchKind::kPrefix, "/"}, with_prefix("/a?b=c")).has_value());
  EXPECT_FALSE(table_of({MatchKind::kPrefix, "/"}, with_regex("a", "b c")).has_value());
  EXPECT_FALSE(table_of({MatchKind::kPrefix, "/"}, with_regex("a", "\\1")).has_value());
  EXPECT_FALSE(table_of({MatchKind::kPrefix, "/"}, with_regex("(", "b")).has_value());
  EXPECT_FALSE(table_of({MatchKind::kPrefix, "/"}, model::Redirect{.host = "a\nb"}).has_value());
  EXPECT_FALSE(table_of({MatchKind::kPrefix, "/"}, model::Redirect{.path = "/a b"}).has_value());
}

TEST(Rewriting, RefusesTwoRewritesAtOnce) {
  model::Forward forward = with_prefix("/a");
  forward.regex_rewrite = model::RegexRewrite{"a", "b"};
  EXPECT_FALSE(table_of({MatchKind::kPrefix, "/"}, forward).has_value());
}

struct RedirectCase {
  model::StringMatch match;
  model::Redirect redirect;
  RequestView request;
  std::string expected;
};

class RedirectingTable : public testing::TestWithParam<RedirectCase> {};

TEST_P(RedirectingTable, FollowsItsTable) {
  const RedirectCase& row = GetParam();
  const auto table = table_of(row.match, row.redirect);
  ASSERT_TRUE(table.has_value()) << table.error().message;
  std::string location = "left over";
  ASSERT_TRUE(redirect_location(*table->route, row.request, location).has_value());
  EXPECT_EQ(location, row.expected);
}

constexpr RequestView kPlain{.scheme = "http", .authority = "a.example", .path = "/old/x", .query = "q=1"};
constexpr RequestView kPort80{.scheme = "http", .authority = "a.example:80", .path = "/old/x"};
constexpr RequestView kPort8080{.scheme = "http", .authority = "a.example:8080", .path = "/old/x"};
constexpr RequestView kV6{.scheme = "https", .authority = "[::1]", .path = "/old/x"};
constexpr RequestView kV6Port{.scheme = "https", .authority = "[::1]:443", .path = "/old/x"};

INSTANTIATE_TEST_SUITE_P(
    , RedirectingTable,
    testing::Values(
        RedirectCase{{MatchKind::kPrefix, "/"}, {.scheme = "https"}, kPlain, "https://a.example/old/x?q=1"},
        RedirectCase{{MatchKind::kPrefix, "/"}, {.scheme = "https"}, kPort80, "https://a.example/old/x"},
        RedirectCase{{MatchKind::kPrefix, "/"}, {.host = ""}, kPort80, "http://a.example:80/old/x"},
        RedirectCase{{MatchKind::kPrefix, "/"}, {.scheme = "https"}, kPort8080, "https://a.example:8080/old/x"},
        RedirectCase{
            {MatchKind::kPrefix, "/"}, {.scheme = "https", .port = 8443}, kPort8080, "https://a.example:8443/old/x"},
        RedirectCase{{MatchKind::kPrefix, "/"}, {.host = "b.example"}, kPort8080, "http://b.example/old/x"},
        RedirectCase{{MatchKind::kPrefix, "/"}, {.scheme = "http"}, kV6, "http://[::1]/old/x"},
        RedirectCase{{MatchKind::kPrefix, "/"}, {.scheme = "http"}, kV6Port, "http://[::1]/old/x"},
        RedirectCase{{MatchKind::kPrefix, "/"}, {.path = "/new"}, kPlain, "http://a.example/new?q=1"},
        RedirectCase{{MatchKind::kPrefix, "/"}, {.path = "/new?z=2"}, kPlain, "http://a.example/new?z=2"},
        RedirectCase{{MatchKind::kPrefix, "/"}, {.path = "/new", .strip_query = true}, kPlain, "http://a.example/new"},
        RedirectCase{{MatchKind::kPrefix, "/old"}, {.prefix_rewrite = "/new"}, kPlain, "http://a.example/new/x?q=1"}));

}  // namespace
}  // namespace ripstop::policy
