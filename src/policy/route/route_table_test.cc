#include "policy/route/route_table.h"

#include <gtest/gtest.h>

#include <array>
#include <map>

namespace ripstop::policy {
namespace {

using model::MatchKind;

model::Forward forward_to(std::string cluster) {
  return {.clusters = {{.cluster = std::move(cluster)}}};
}

model::Route route(std::string name, model::StringMatch path) {
  model::Route made;
  made.action = forward_to(name);
  made.name = std::move(name);
  made.match.path = std::move(path);
  return made;
}

model::VirtualHost host(std::string name, std::vector<std::string> domains) {
  model::VirtualHost made;
  made.routes = {route(name + "-all", {MatchKind::kPrefix, "/"})};
  made.name = std::move(name);
  made.domains = std::move(domains);
  return made;
}

std::shared_ptr<const CompiledRouteTable> compiled(model::RouteTable table) {
  auto result = CompiledRouteTable::compile(std::make_shared<const model::RouteTable>(std::move(table)));
  EXPECT_TRUE(result.has_value()) << result.error().message;
  return result ? *result : nullptr;
}

Error compile_error(model::RouteTable table) {
  auto result = CompiledRouteTable::compile(std::make_shared<const model::RouteTable>(std::move(table)));
  EXPECT_FALSE(result.has_value());
  return result ? Error{} : result.error();
}

std::string host_of(const CompiledRouteTable& table, std::string_view authority) {
  const auto found = table.find({.authority = authority, .path = "/"});
  return found.virtual_host == nullptr ? "" : found.virtual_host->name;
}

model::RouteTable domains_table(bool with_any) {
  model::RouteTable table{.name = "t"};
  table.virtual_hosts = {host("exact", {"a.example.com", "A.Upper.Example"}),
                         host("exact-port", {"a.example.com:8080"}),
                         host("suffix", {"*.example.com"}),
                         host("long-suffix", {"*.b.example.com"}),
                         host("dash-suffix", {"*-v.example.com"}),
                         host("prefix", {"a.*"}),
                         host("long-prefix", {"a.example.*"}),
                         host("v6", {"[2001:db8::1]"})};
  if (with_any) table.virtual_hosts.push_back(host("any", {"*"}));
  return table;
}

TEST(RouteTable, ChoosesExactThenLongestSuffixThenLongestPrefixThenAny) {
  const auto table = compiled(domains_table(true));
  const std::map<std::string, std::string> expected = {
      {"a.example.com", "exact"},
      {"a.example.com:8080", "exact-port"},
      {"a.example.com:81", "long-prefix"},
      {"x.example.com", "suffix"},
      {"y.x.example.com", "suffix"},
      {"x.b.example.com", "long-suffix"},
      {"b.example.com", "suffix"},
      {"x-v.example.com", "dash-suffix"},
      {"-v.example.com", "suffix"},
      {".example.com", "any"},
      {"a.org", "prefix"},
      {"a.", "any"},
      {"a.example.org", "long-prefix"},
      {"other", "any"},
      {"", "any"},
      {"a.upper.example", "exact"},
      {"[2001:db8::1]", "v6"},
      {"[2001:db8::1]:80", "any"},
      {"x.example.com.evil.org", "any"},
  };
  for (const auto& [authority, name] : expected) EXPECT_EQ(host_of(*table, authority), name) << authority;
}

TEST(RouteTable, TellsNoVirtualHostFromNoRoute) {
  const auto table = compiled([] {
    model::RouteTable made{.name = "t", .virtual_hosts = {host("a", {"a.example"})}};
    made.virtual_hosts[0].routes = {route("only", {MatchKind::kExact, "/only"})};
    return made;
  }());
  EXPECT_EQ(table->find({.authority = "b.example", .path = "/only"}).virtual_host, nullptr);
  const auto found = table->find({.authority = "a.example", .path = "/else"});
  ASSERT_NE(found.virtual_host, nullptr);
  EXPECT_EQ(found.virtual_host->name, "a");
  EXPECT_EQ(found.route, nullptr);
}

TEST(RouteTable, IgnoresThePortWhereTheTableSaysSo) {
  model::RouteTable source = domains_table(false);
  source.ignore_port_in_host = true;
  const auto table = compiled(source);
  EXPECT_EQ(host_of(*table, "a.example.com:81"), "exact");
  EXPECT_EQ(host_of(*table, "[2001:db8::1]:443"), "v6");
  EXPECT_EQ(host_of(*table, "[2001:db8::1]"), "v6");
}

TEST(RouteTable, RefusesADomainTwice) {
  for (const char* domain : {"a.example", "*.a.example", "a.*", "*"}) {
    const Error error = compile_error({.name = "t", .virtual_hosts = {host("one", {domain}), host("two", {domain})}});
    EXPECT_NE(error.message.find(domain), std::string::npos);
    EXPECT_NE(error.message.find("'two'"), std::string::npos) << error.message;
  }
}

// With enough exact paths for the index, and other kinds before, between and behind them.
TEST(RouteTable, TakesTheFirstRouteThatMatchesWithAndWithoutTheIndex) {
  for (const int exact_paths : {3, 40}) {
    model::RouteTable source{.name = "t", .virtual_hosts = {host("h", {"*"})}};
    auto& routes = source.virtual_hosts[0].routes;
    routes.clear();
    routes.push_back(route("post-1", {MatchKind::kExact, "/p1"}));
    routes[0].match.method = model::StringMatch{MatchKind::kExact, "POST"};
    routes.push_back(route("regex", {MatchKind::kRegex, "/p[23]"}));
    for (int i = 0; i < exact_paths; ++i)
      routes.push_back(route("exact", {MatchKind::kExact, "/p" + std::to_string(i)}));
    routes.push_back(route("prefix", {MatchKind::kPrefix, "/p"}));
    routes.push_back(route("hidden", {MatchKind::kExact, "/p2"}));
    const auto table = compiled(source);
    const auto name = [&](std::string_view method, std::string_view path) -> std::string {
      const auto found = table->find({.method = method, .authority = "x", .path = path});
      return found.route == nullptr ? "" : found.route->route->name;
    };
    EXPECT_EQ(name("POST", "/p1"), "post-1");
    EXPECT_EQ(name("GET", "/p1"), "exact");
    EXPECT_EQ(name("GET", "/p2"), "regex");
    EXPECT_EQ(name("GET", "/p0"), "exact");
    EXPECT_EQ(name("GET", "/p99"), "prefix");
    EXPECT_EQ(name("GET", "/q"), "");
  }
}

TEST(RouteTable, IndexesNoPathThatIgnoresCase) {
  model::RouteTable source{.name = "t", .virtual_hosts = {host("h", {"*"})}};
  auto& routes = source.virtual_hosts[0].routes;
  routes.clear();
  for (int i = 0; i < 20; ++i) routes.push_back(route("exact", {MatchKind::kExact, "/p" + std::to_string(i)}));
  routes.push_back(route("either", {MatchKind::kExact, "/CASE", true}));
  const auto table = compiled(source);
  ASSERT_NE(table->find({.authority = "x", .path = "/case"}).route, nullptr);
}

TEST(RouteTable, ChoosesClustersByWeight) {
  model::RouteTable source{.name = "t", .virtual_hosts = {host("h", {"*"})}};
  source.virtual_hosts[0].routes[0].action = model::Forward{.clusters = {{.cluster = "never", .weight = 0},
                                                                         {.cluster = "v1", .weight = 75},
                                                                         {.cluster = "v2", .weight = 25}}};
  const auto table = compiled(source);
  const CompiledRoute& found = *table->find({.authority = "x", .path = "/"}).route;
  Random random(7);
  SplitCursors cursors(random);
  std::map<std::string, int> chosen;
  for (int i = 0; i < 10'000; ++i) ++chosen[choose_cluster(found, cursors).cluster->cluster];
  EXPECT_EQ(chosen.count("never"), 0u);
  EXPECT_EQ(chosen["v1"], 7'500);
  EXPECT_EQ(chosen["v2"], 2'500);
}

TEST(RouteTable, LabelsARouteByItsNameElseByWhereItWasWritten) {
  model::RouteTable source{.name = "t", .virtual_hosts = {host("h", {"*"})}};
  auto& routes = source.virtual_hosts[0].routes;
  routes = {route("named", {MatchKind::kExact, "/a"}), route("", {MatchKind::kExact, "/b"}),
            route("", {MatchKind::kExact, "/c"})};
  for (model::Route& one : routes) one.action = forward_to("c");
  auto origin = std::make_shared<model::Origin>();
  origin->name = "reviews";
  origin->field = "spec.http[2]";
  routes[0].origin = origin;
  routes[1].origin = origin;
  const auto table = compiled(source);
  const auto label = [&](std::string_view path) { return table->find({.authority = "x", .path = path}).route->label; };
  EXPECT_EQ(label("/a"), "named");
  EXPECT_EQ(label("/b"), "reviews/http[2]");
  EXPECT_EQ(label("/c"), "");
}

TEST(RouteTable, RefusesAForwardWithoutWeight) {
  model::RouteTable source{.name = "t", .virtual_hosts = {host("h", {"*"})}};
  source.virtual_hosts[0].routes[0].action = model::Forward{.clusters = {{.cluster = "a", .weight = 0}}};
  EXPECT_EQ(compile_error(source).code, ErrorCode::kInvalidArgument);
  source.virtual_hosts[0].routes[0].action = model::Forward{};
  EXPECT_EQ(compile_error(source).code, ErrorCode::kInvalidArgument);
}

TEST(RouteTable, PrefersTheRoutesRetryPolicy) {
  model::RouteTable source{.name = "t", .virtual_hosts = {host("h", {"*"})}};
  auto& routes = source.virtual_hosts[0].routes;
  routes = {route("own", {MatchKind::kExact, "/own"}), route("inherits", {MatchKind::kExact, "/inherits"})};
  std::get<model::Forward>(routes[0].action).retry = model::RetryPolicy{.retries = 7};
  const auto retries = [&](std::string_view path) {
    const auto table = compiled(source);
    const CompiledRoute* found = table->find({.authority = "x", .path = path}).route;
    return found->retry == nullptr ? -1 : static_cast<int>(found->retry->retries);
  };
  EXPECT_EQ(retries("/own"), 7);
  EXPECT_EQ(retries("/inherits"), -1);
  source.virtual_hosts[0].retry = model::RetryPolicy{.retries = 2};
  EXPECT_EQ(retries("/own"), 7);
  EXPECT_EQ(retries("/inherits"), 2);
}

TEST(RouteTable, MergesHeaderEditsFromTheMostSpecificLevelOn) {
  using Kind = HeaderEdit::Kind;
  model::RouteTable source{.name = "t", .virtual_hosts = {host("h", {"*"})}};
  auto& only = source.virtual_hosts[0].routes[0];
  std::get<model::Forward>(only.action).clusters[0].request_headers = {.set = {{"X-Level", "cluster"}}};
  std::get<model::Forward>(only.action).clusters[0].response_headers = {.add = {{"via", "cluster"}}};
  only.request_headers = {.remove = {"X-Gone"}, .set = {{"x-level", "route"}}, .add = {{"x-share", "100%%"}}};
  source.virtual_hosts[0].request_headers = {.add = {{"x-level", "host"}}};
  source.request_headers = {.add = {{"x-level", " table "}}};
  source.response_headers = {.remove = {"server"}};
  const auto table = compiled(source);
  const CompiledRoute& found = *table->find({.authority = "x", .path = "/"}).route;
  EXPECT_EQ(found.clusters[0].request_edits, (HeaderEditList{{Kind::kSet, "x-level", "cluster"},
                                                             {Kind::kRemove, "x-gone", ""},
                                                             {Kind::kSet, "x-level", "route"},
                                                             {Kind::kAdd, "x-share", "100%"},
                                                             {Kind::kAdd, "x-level", "host"},
                                                             {Kind::kAdd, "x-level", "table"}}));
  EXPECT_EQ(found.clusters[0].response_edits,
            (HeaderEditList{{Kind::kAdd, "via", "cluster"}, {Kind::kRemove, "server", ""}}));
  EXPECT_EQ(found.response_edits, (HeaderEditList{{Kind::kRemove, "server", ""}}));
}

TEST(RouteTable, SaysWhichRouteIsWrong) {
  model::RouteTable source{.name = "t", .virtual_hosts = {host("h", {"*"})}};
  source.virtual_hosts[0].routes.push_back(route("bad", {MatchKind::kRegex, "["}));
  const Error error = compile_error(source);
  for (const char* part : {"'t'", "'h'", "route 1 'bad'", "path"}) {
    EXPECT_NE(error.message.find(part), std::string::npos) << error.message;
  }
}

TEST(RouteTable, RefusesADirectResponseOverItsBudget) {
  model::RouteTable source{.name = "t", .virtual_hosts = {host("h", {"*"})}};
  source.virtual_hosts[0].routes[0].action = model::DirectResponse{.status = 200, .body = std::string(4097, 'x')};
  EXPECT_EQ(compile_error(source).code, ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace ripstop::policy
