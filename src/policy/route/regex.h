// Regular expressions for the data plane: RE2 (linear time), Latin-1, so a byte is a character whatever it is, and with
// bounded memory. Compiled once per snapshot; matching is thread-safe and, once its automaton is warm, allocates
// nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.h"

namespace re2 {
class RE2;
}  // namespace re2

namespace ripstop::policy {

using Regex = std::shared_ptr<const re2::RE2>;

// Fails with kInvalidArgument when the pattern is not RE2 or needs more than kRegexBytes.
[[nodiscard]] Result<Regex> compile_regex(std::string_view pattern);

// Program and automaton of one expression together stay below this.
inline constexpr int64_t kRegexBytes = 1 << 20;

// The whole value, as Envoy's safe_regex.
[[nodiscard]] bool full_match(const re2::RE2& regex, std::string_view value);

}  // namespace ripstop::policy
