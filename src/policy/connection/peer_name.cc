#include "policy/connection/peer_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/text.h"

namespace ripstop::policy {
namespace {

using model::MatchKind;

bool is_letter_or_digit(char c) {
  const char lower = ascii_lower(c);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
}

bool is_dns_name(std::string_view text) {
  if (text.starts_with("*.")) text.remove_prefix(2);
  const auto fits = [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.'; };
  return !text.empty() && std::ranges::all_of(text, fits);
}

bool is_uri(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const auto fits_scheme = [](char c) { return is_letter_or_digit(c) || c == '+' || c == '-' || c == '.'; };
  return std::ranges::all_of(text.substr(0, colon), fits_scheme) &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

bool same_dns_name(std::string_view name, std::string_view expected) {
  if (!name.starts_with("*.")) return equals_ignore_case(name, expected);
  const size_t dot = expected.find('.');
  return dot != std::string_view::npos && dot > 0 && equals_ignore_case(name.substr(1), expected.substr(dot));
}

void ignore_case(model::StringMatch& pattern) {
  if (pattern.kind == MatchKind::kRegex) {
    pattern.text.insert(0, "(?i)");
  } else {
    pattern.ignore_case = true;
  }
}

// For the error: what the peer did present, cut short, since it is the peer's own text.
std::string list_of(std::span<const SubjectName> names) {
  constexpr size_t kLongest = 400;
  std::string list;
  for (const SubjectName& name : names) {
    if (list.size() > kLongest) return list + ", …";
    list += list.empty() ? "" : ", ";
    for (const char c : name.text.substr(0, kLongest)) list.push_back(c > 0x20 && c < 0x7f ? c : '?');
  }
  return list.empty() ? "no name" : list;
}

}  // namespace

PeerNames::Scope PeerNames::scope_of(const model::StringMatch& pattern) {
  if (pattern.kind == MatchKind::kPresent) return Scope::kBoth;
  const bool is_for_uris = pattern.text.find('/') != std::string::npos || pattern.text.starts_with("spiffe:");
  return is_for_uris ? Scope::kUri : Scope::kDns;
}

Result<PeerNames> PeerNames::compile(std::span<const model::StringMatch> patterns) {
  auto sources = std::make_shared<std::vector<model::StringMatch>>(patterns.begin(), patterns.end());
  PeerNames compiled;
  compiled.patterns_.reserve(patterns.size());
  for (model::StringMatch& pattern : *sources) {
    if (scope_of(pattern) == Scope::kDns) ignore_case(pattern);
    const model::StringMatch& source = pattern;
    Result<StringMatcher> matcher = StringMatcher::compile(source);
    if (!matcher) {
      return fail(matcher.error().code, fmt::format("in the names accepted of a peer: {}", matcher.error().message));
    }
    compiled.patterns_.push_back({scope_of(pattern), std::move(*matcher)});
  }
  compiled.sources_ = std::move(sources);
  return compiled;
}

bool PeerNames::matches(const Pattern& pattern, const SubjectName& name) {
  if (name.type == SubjectName::Type::kUri) {
    return pattern.scope != Scope::kDns && is_uri(name.text) && pattern.matcher.matches(name.text);
  }
  if (pattern.scope == Scope::kUri || !is_dns_name(name.text)) return false;
  if (pattern.matcher.kind() == MatchKind::kExact) return same_dns_name(name.text, pattern.matcher.text());
  return pattern.matcher.matches(name.text);
}

Status PeerNames::check(std::span<const SubjectName> names) const {
  const auto has_nul = [](const SubjectName& name) { return name.text.find('\0') != std::string_view::npos; };
  if (std::ranges::any_of(names, has_nul)) {
    return fail(ErrorCode::kPermissionDenied, "the peer's certificate has a name with an embedded NUL");
  }
  if (patterns_.empty()) return {};
  for (const Pattern& pattern : patterns_) {
    for (const SubjectName& name : names) {
      if (matches(pattern, name)) return {};
    }
  }
  return fail(ErrorCode::kPermissionDenied,
              fmt::format("the peer's certificate is for {}, which is not among the names accepted here; check the "
                          "service accounts of the destination",
                          list_of(names)));
}

}  // namespace ripstop::policy
