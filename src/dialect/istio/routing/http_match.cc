#include "dialect/istio/routing/http_match.h"

#include <utility>

#include "base/text.h"
#include "dialect/istio/values.h"

namespace ripstop::dialect::istio {
namespace {

using model::MatchKind;

constexpr std::string_view kClaimPrefix = "@request.auth.claims";
constexpr StringMatchRules kHeaderRules{.allows_empty_prefix = false, .knows_presence = true};

// Fields joined so that no two different lists give one text.
void add_part(std::string& key, std::string_view part) {
  key += std::to_string(part.size());
  key += ':';
  key += part;
}

void add_part(std::string& key, const model::StringMatch& match) {
  add_part(key, match.text);
  key += static_cast<char>('a' + static_cast<int>(match.kind));
  key += match.ignore_case ? 'i' : 's';
}

void add_part(std::string& key, const std::optional<model::StringMatch>& match) {
  key += match ? '+' : '-';
  if (match) add_part(key, *match);
}

// Where headers are concerned, "no condition on the value" asks for presence.
model::StringMatch value_or_presence(std::optional<model::StringMatch> value) {
  return value ? *std::move(value) : model::StringMatch{MatchKind::kPresent, ""};
}

// False when the match depends on something that cannot be tested yet.
bool read_header_matches(const Context& context, Fields& match, bool is_without,
                         std::vector<model::HeaderMatch>& headers) {
  bool is_testable = true;
  for (auto& [name, fields] : match.object_map(is_without ? "withoutHeaders" : "headers")) {
    auto value = read_string_match(fields, kHeaderRules);
    if (name.value.starts_with(kClaimPrefix)) {
      is_testable = false;
      context.report.warning("istio/not-honoured", name.place,
                             "Matching on the claims of a token is not honoured yet, so this match takes no request.",
                             "Remove the rule, or match on a header.");
      continue;
    }
    if (!is_header_name(name.value)) {
      context.report.error("istio/bad-header-name", name.place, quoted(name.value) + " is not a header's name.",
                           "Use letters, digits, '-' and '_'; method, scheme, authority and uri have fields of "
                           "their own.");
    }
    model::HeaderMatch header{to_lower(name.value), value_or_presence(std::move(value)), is_without, false};
    header.missing_is_empty = is_without && header.value.kind != MatchKind::kPresent;
    headers.push_back(std::move(header));
  }
  return is_testable;
}

std::optional<model::StringMatch> read_optional_match(Fields& match, std::string_view key) {
  auto fields = match.object(key);
  if (!fields) return std::nullopt;
  return read_string_match(*fields, {.allows_empty_prefix = key == "uri"});
}

// nullopt when the match cannot be tested yet.
std::optional<model::HttpRule::Condition> read_condition(const Context& context, Fields& match) {
  model::HttpRule::Condition condition;
  match.text("name");
  const bool ignores_case = match.flag("ignoreUriCase").value_or(false);
  if (auto uri = read_optional_match(match, "uri")) {
    uri->ignore_case = ignores_case && uri->kind != MatchKind::kRegex;
    condition.match.path = *std::move(uri);
  }
  condition.match.scheme = read_optional_match(match, "scheme");
  condition.match.method = read_optional_match(match, "method");
  condition.match.authority = read_optional_match(match, "authority");
  const bool has_testable_headers = read_header_matches(context, match, false, condition.match.headers);
  const bool has_testable_absences = read_header_matches(context, match, true, condition.match.headers);
  for (auto& [name, fields] : match.object_map("queryParams")) {
    if (name.value.empty()) {
      report_missing(context.report, name.place, "The query parameter's name", "Write the name as the key.");
    }
    condition.match.query.push_back({name.value, value_or_presence(read_string_match(fields, kHeaderRules))});
  }
  condition.scope = read_client_scope(context, match);
  match.not_honoured("statPrefix", "the route has no statistics of its own");
  if (!has_testable_headers || !has_testable_absences) return std::nullopt;
  return condition;
}

}  // namespace

HttpMatches read_http_matches(const Context& context, Fields& rule) {
  HttpMatches matches;
  auto written = rule.objects("match");
  for (Fields& match : written) {
    if (auto condition = read_condition(context, match)) matches.conditions.push_back(*std::move(condition));
  }
  matches.takes_nothing = !written.empty() && matches.conditions.empty();
  return matches;
}

std::string key_of(const model::HttpRule::Condition& condition) {
  const auto& [match, scope] = condition;
  std::string key;
  add_part(key, match.path);
  for (const auto& part : {match.method, match.authority, match.scheme}) add_part(key, part);
  for (const model::HeaderMatch& header : match.headers) {
    add_part(key, header.name);
    add_part(key, header.value);
    key += header.invert ? '!' : '=';
  }
  key += '?';
  for (const model::QueryMatch& query : match.query) {
    add_part(key, query.name);
    add_part(key, query.value);
  }
  key += '@';
  for (const auto& [name, value] : scope.source_labels) {
    add_part(key, name);
    add_part(key, value);
  }
  add_part(key, scope.source_namespace);
  add_part(key, std::to_string(scope.port.value_or(0)));
  for (const std::string& gateway : scope.gateways) add_part(key, gateway);
  return key;
}

bool is_catch_all(const model::HttpRule::Condition& condition) {
  const auto& [match, scope] = condition;
  const bool takes_any_path =
      (match.path.kind == MatchKind::kPrefix && (match.path.text.empty() || match.path.text == "/")) ||
      (match.path.kind == MatchKind::kRegex && match.path.text == ".*");
  return takes_any_path && !match.method && !match.authority && !match.scheme && match.headers.empty() &&
         match.query.empty() && scope.source_labels.empty() && scope.source_namespace.empty() && !scope.port &&
         scope.gateways.empty();
}

}  // namespace ripstop::dialect::istio
