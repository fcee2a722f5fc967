#include "policy/route/matcher.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace ripstop::policy {
namespace {

using model::MatchKind;

struct StringCase {
  MatchKind kind;
  std::string text;
  bool ignore_case;
  std::string value;
  bool matches;
};

class StringMatchingTable : public testing::TestWithParam<StringCase> {};

TEST_P(StringMatchingTable, FollowsItsTable) {
  const StringCase& row = GetParam();
  const model::StringMatch match{row.kind, row.text, row.ignore_case};
  const auto matcher = StringMatcher::compile(match);
  ASSERT_TRUE(matcher.has_value()) << matcher.error().message;
  EXPECT_EQ(matcher->matches(row.value), row.matches) << row.text << " against " << row.value;
}

INSTANTIATE_TEST_SUITE_P(, StringMatchingTable,
                         testing::Values(StringCase{MatchKind::kExact, "/a", false, "/a", true},
                                         StringCase{MatchKind::kExact, "/a", false, "/A", false},
                                         StringCase{MatchKind::kExact, "/a", true, "/A", true},
                                         StringCase{MatchKind::kExact, "/a", false, "/ab", false},
                                         StringCase{MatchKind::kExact, "/ab", true, "/a", false},
                                         StringCase{MatchKind::kExact, "", false, "", true},
                                         StringCase{MatchKind::kPrefix, "/foo", false, "/foobar", true},
                                         StringCase{MatchKind::kPrefix, "/foo", false, "/fo", false},
                                         StringCase{MatchKind::kPrefix, "/FOO", true, "/fooBar", true},
                                         StringCase{MatchKind::kSuffix, ".js", false, "a.js", true},
                                         StringCase{MatchKind::kSuffix, ".js", false, "js", false},
                                         StringCase{MatchKind::kSuffix, ".JS", true, "a.js", true},
                                         StringCase{MatchKind::kContains, "mid", false, "amidst", true},
                                         StringCase{MatchKind::kContains, "MID", false, "amidst", false},
                                         StringCase{MatchKind::kContains, "MID", true, "amidst", true},
                                         StringCase{MatchKind::kContains, "", true, "", true},
                                         StringCase{MatchKind::kRegex, "/v[0-9]+", false, "/v12", true},
                                         StringCase{MatchKind::kRegex, "/v[0-9]+", false, "/v12/x", false},
                                         StringCase{MatchKind::kRegex, "v", false, "/v", false},
                                         StringCase{MatchKind::kRegex, ".*", false, "\xff\xfe", true},
                                         StringCase{MatchKind::kRegex, "(?i)get", false, "GET", true},
                                         StringCase{MatchKind::kPresent, "", false, "", true},
                                         StringCase{MatchKind::kSegmentPrefix, "/foo", false, "/foo", true},
                                         StringCase{MatchKind::kSegmentPrefix, "/foo", false, "/foo/bar", true},
                                         StringCase{MatchKind::kSegmentPrefix, "/foo", false, "/foobar", false},
                                         StringCase{MatchKind::kSegmentPrefix, "/foo/", false, "/foo", true},
                                         StringCase{MatchKind::kSegmentPrefix, "/", false, "/any/thing", true},
                                         StringCase{MatchKind::kSegmentPrefix, "/FOO", true, "/foo/bar", true}));

TEST(StringMatching, RefusesAPatternThatIsNotRe2) {
  for (const char* pattern : {"(", "(?=lookahead)", "\\1(a)", "a{1001}"}) {
    const model::StringMatch match{MatchKind::kRegex, pattern};
    const auto matcher = StringMatcher::compile(match);
    ASSERT_FALSE(matcher.has_value()) << pattern;
    EXPECT_EQ(matcher.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(matcher.error().message.find(pattern), std::string::npos);
  }
}

TEST(StringMatching, RefusesAPatternWhoseProgramIsTooLarge) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "[a-z\\x80-\\xff]{900}";
  const model::StringMatch match{MatchKind::kRegex, pattern};
  EXPECT_FALSE(StringMatcher::compile(match).has_value());
}

TEST(StringMatching, TakesLinearTimeForNestedRepeats) {
  const model::StringMatch match{MatchKind::kRegex, "(a+)+$"};
  const auto matcher = StringMatcher::compile(match);
  ASSERT_TRUE(matcher.has_value());
  EXPECT_FALSE(matcher->matches(std::string(60'000, 'a') + "b"));
}

constexpr std::array kFieldArray = {
    HeaderField{"X-User", "alice"}, HeaderField{"x-group", "red"}, HeaderField{"X-GROUP", "blue"},
    HeaderField{"x-empty", ""},     HeaderField{"accept", "*/*"},
};

constexpr std::span<const HeaderField> kFields = kFieldArray;

struct HeaderCase {
  model::HeaderMatch match;
  bool matches;
};

class HeaderMatchingTable : public testing::TestWithParam<HeaderCase> {};

TEST_P(HeaderMatchingTable, FollowsItsTable) {
  const HeaderCase& row = GetParam();
  const auto matcher = HeaderMatcher::compile(row.match);
  ASSERT_TRUE(matcher.has_value()) << matcher.error().message;
  const RequestView request{.method = "GET",
                            .scheme = "https",
                            .authority = "shop.example:8080",
                            .path = "/cart",
                            .query = "id=1",
                            .headers = kFields};
  EXPECT_EQ(matcher->matches(request), row.matches) << row.match.name << " " << row.match.value.text;
}

constexpr auto kExact = MatchKind::kExact;
constexpr auto kPresent = MatchKind::kPresent;

INSTANTIATE_TEST_SUITE_P(
    , HeaderMatchingTable,
    testing::Values(
        HeaderCase{{"x-user", {kExact, "alice"}}, true}, HeaderCase{{"x-user", {kExact, "bob"}}, false},
        HeaderCase{{"x-user", {kExact, "bob"}, true}, true}, HeaderCase{{"x-user", {kExact, "alice"}, true}, false},
        HeaderCase{{"x-user", {MatchKind::kRegex, "al.*"}}, true},
        // Several fields are one value, joined by a comma and nothing else.
        HeaderCase{{"x-group", {kExact, "red,blue"}}, true}, HeaderCase{{"x-group", {kExact, "red"}}, false},
        HeaderCase{{"x-group", {MatchKind::kContains, "blue"}}, true},
        HeaderCase{{"x-group", {MatchKind::kRegex, "red,.*"}}, true},
        // Missing.
        HeaderCase{{"x-none", {kExact, ""}}, false}, HeaderCase{{"x-none", {kExact, "a"}, true}, false},
        HeaderCase{{"x-none", {kExact, "a"}, true, true}, true},
        HeaderCase{{"x-none", {kExact, ""}, false, true}, true},
        HeaderCase{{"x-none", {kExact, ""}, true, true}, false},
        // Presence.
        HeaderCase{{"x-empty", {kPresent, ""}}, true}, HeaderCase{{"x-none", {kPresent, ""}}, false},
        HeaderCase{{"x-none", {kPresent, ""}, true}, true}, HeaderCase{{"x-user", {kPresent, ""}, true}, false},
        HeaderCase{{"x-none", {kPresent, ""}, true, true}, true},
        // Parts of the request line.
        HeaderCase{{":method", {kExact, "GET"}}, true}, HeaderCase{{":path", {kExact, "/cart?id=1"}}, true},
        HeaderCase{{":authority", {kExact, "shop.example:8080"}}, true},
        HeaderCase{{"host", {MatchKind::kPrefix, "shop."}}, true}, HeaderCase{{":scheme", {kExact, "http"}}, false}));

TEST(HeaderMatching, JoinsValuesThatDoNotFitTheStack) {
  const std::string large(900, 'v');
  const std::array fields = {HeaderField{"h", large}, HeaderField{"h", large}, HeaderField{"h", "end"}};
  const model::HeaderMatch match{"h", {kExact, large + "," + large + ",end"}};
  EXPECT_TRUE(HeaderMatcher::compile(match)->matches({.headers = std::span<const HeaderField>(fields)}));
}

TEST(HeaderMatching, NeedsAName) {
  const model::HeaderMatch match{"", {kExact, "a"}};
  EXPECT_FALSE(HeaderMatcher::compile(match).has_value());
}

struct QueryCase {
  model::QueryMatch match;
  std::string query;
  bool matches;
};

class QueryMatchingTable : public testing::TestWithParam<QueryCase> {};

TEST_P(QueryMatchingTable, FollowsItsTable) {
  const QueryCase& row = GetParam();
  EXPECT_EQ(QueryMatcher::compile(row.match)->matches(row.query), row.matches) << row.query;
}

INSTANTIATE_TEST_SUITE_P(
    , QueryMatchingTable,
    testing::Values(QueryCase{{"a", {kExact, "1"}}, "a=1", true}, QueryCase{{"a", {kExact, "1"}}, "b=2&a=1&c", true},
                    QueryCase{{"a", {kExact, "2"}}, "a=1&a=2", false}, QueryCase{{"a", {kExact, "1"}}, "aa=1", false},
                    QueryCase{{"a", {kPresent, ""}}, "x&a", true}, QueryCase{{"a", {kPresent, ""}}, "", false},
                    QueryCase{{"a", {kExact, ""}}, "a", true}, QueryCase{{"a", {kExact, "1=2"}}, "a=1=2", true},
                    QueryCase{{"a", {kExact, "x"}}, "a=%78", false}));

TEST(RouteMatching, NeedsEveryConditionThatIsSet) {
  const model::RouteMatch match{.path = {MatchKind::kPrefix, "/"},
                                .method = model::StringMatch{kExact, "POST"},
                                .authority = model::StringMatch{kExact, "a.example"},
                                .scheme = model::StringMatch{kExact, "https"},
                                .headers = {{"x-user", {kExact, "alice"}}},
                                .query = {{"v", {kExact, "2"}}}};
  const auto matcher = RouteMatcher::compile(match);
  ASSERT_TRUE(matcher.has_value());
  const RequestView good{
      .method = "POST", .scheme = "https", .authority = "a.example", .path = "/x", .query = "v=2", .headers = kFields};
  EXPECT_TRUE(matcher->matches(good));
  const auto broken = [&](auto change) {
    RequestView request = good;
    change(request);
    return matcher->matches(request);
  };
  EXPECT_FALSE(broken([](RequestView& r) { r.method = "GET"; }));
  EXPECT_FALSE(broken([](RequestView& r) { r.scheme = "http"; }));
  EXPECT_FALSE(broken([](RequestView& r) { r.authority = "b.example"; }));
  EXPECT_FALSE(broken([](RequestView& r) { r.path = "x"; }));
  EXPECT_FALSE(broken([](RequestView& r) { r.query = "v=3"; }));
  EXPECT_FALSE(broken([](RequestView& r) { r.headers = {}; }));
}

TEST(RouteMatching, TakesGrpcOnlyByItsContentType) {
  const model::RouteMatch match{.is_grpc_only = true};
  const auto matcher = RouteMatcher::compile(match);
  const auto with_type = [&](std::string_view type) {
    const std::array fields = {HeaderField{"Content-Type", type}};
    return matcher->matches({.path = "/p.S/M", .headers = std::span<const HeaderField>(fields)});
  };
  EXPECT_TRUE(with_type("application/grpc"));
  EXPECT_TRUE(with_type("application/grpc+proto"));
  EXPECT_TRUE(with_type("application/grpc;charset=utf-8"));
  EXPECT_FALSE(with_type("application/grpc-web"));
  EXPECT_FALSE(with_type("application/json"));
  EXPECT_FALSE(matcher->matches({.path = "/p.S/M"}));
}

TEST(RouteMatching, NamesTheConditionWhoseExpressionIsWrong) {
  const model::RouteMatch match{.headers = {{"x-user", {MatchKind::kRegex, "("}}}};
  const auto matcher = RouteMatcher::compile(match);
  ASSERT_FALSE(matcher.has_value());
  EXPECT_NE(matcher.error().message.find("x-user"), std::string::npos);
}

}  // namespace
}  // namespace ripstop::policy
