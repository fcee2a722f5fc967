#include "xds/wire/string_match.h"

#include "envoy/type/matcher/v3/string.pb.h"

namespace ripstop::xds {

namespace matcher = envoy::type::matcher::v3;
using model::MatchKind;
using model::StringMatch;

std::string quote_regex(std::string_view text) {
  std::string quoted;
  for (const char c : text) {
    if (std::string_view("\\.+*?()|[]{}^$").find(c) != std::string_view::npos) quoted += '\\';
    quoted += c;
  }
  return quoted;
}

void encode_string_match(const StringMatch& match, matcher::StringMatcher* wire) {
  wire->set_ignore_case(match.ignore_case && match.kind != MatchKind::kRegex && match.kind != MatchKind::kPresent);
  switch (match.kind) {
    case MatchKind::kExact:
      wire->set_exact(match.text);
      return;
    case MatchKind::kPrefix:
      wire->set_prefix(match.text);
      return;
    case MatchKind::kSuffix:
      wire->set_suffix(match.text);
      return;
    case MatchKind::kContains:
      wire->set_contains(match.text);
      return;
    case MatchKind::kRegex:
      wire->mutable_safe_regex()->set_regex(match.text);
      return;
    case MatchKind::kPresent:
      wire->mutable_safe_regex()->set_regex(".*");
      return;
    case MatchKind::kSegmentPrefix:
      wire->set_ignore_case(false);
      wire->mutable_safe_regex()->set_regex((match.ignore_case ? "(?i)" : "") + quote_regex(match.text) + "(/.*)?");
      return;
  }
}

std::string decode_regex(const matcher::RegexMatcher& wire, const Cursor& at) {
  at.check_known(wire);
  at.field("google_re2").check_known(wire.google_re2());
  if (wire.regex().empty()) at.field("regex").invalid("is empty");
  return wire.regex();
}

StringMatch decode_string_match(const matcher::StringMatcher& wire, const Cursor& at) {
  at.check_known(wire);
  const bool ignore_case = wire.ignore_case();
  switch (wire.match_pattern_case()) {
    case matcher::StringMatcher::kExact:
      return {MatchKind::kExact, wire.exact(), ignore_case};
    case matcher::StringMatcher::kPrefix:
      return {MatchKind::kPrefix, wire.prefix(), ignore_case};
    case matcher::StringMatcher::kSuffix:
      return {MatchKind::kSuffix, wire.suffix(), ignore_case};
    case matcher::StringMatcher::kContains:
      return {MatchKind::kContains, wire.contains(), ignore_case};
    case matcher::StringMatcher::kSafeRegex:
      if (ignore_case) at.field("ignore_case").invalid("does not go with safe_regex; write (?i) in the expression");
      return {MatchKind::kRegex, decode_regex(wire.safe_regex(), at.field("safe_regex")), false};
    case matcher::StringMatcher::MATCH_PATTERN_NOT_SET:
      break;
  }
  at.invalid("says nothing to match");
  return {};
}

}  // namespace ripstop::xds
