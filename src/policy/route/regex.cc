#include "policy/route/regex.h"

#include <fmt/format.h>
#include <re2/re2.h>

namespace ripstop::policy {

Result<Regex> compile_regex(std::string_view pattern) {
  RE2::Options options;
  // Paths and headers are bytes. Read as UTF-8, an ill-formed one matches nothing, not even ".*", and slips past a
  // rule.
  options.set_encoding(RE2::Options::EncodingLatin1);
  options.set_max_mem(kRegexBytes);
  options.set_log_errors(false);
  auto regex = std::make_shared<const RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (!regex->ok()) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("the regular expression '{}' is not valid RE2 syntax: {}", pattern, regex->error()));
  }
  return regex;
}

bool full_match(const re2::RE2& regex, std::string_view value) {
  return regex.Match(re2::StringPiece(value.data(), value.size()), 0, value.size(), RE2::ANCHOR_BOTH, nullptr, 0);
}

}  // namespace ripstop::policy
