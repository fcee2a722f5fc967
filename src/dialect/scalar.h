// What a plain (unquoted) YAML scalar is, by the rules of YAML 1.1 that Kubernetes follows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dialect/document.h"

namespace ripstop::dialect {

// kNull, kBoolean, kInteger, kFloat or kText.
[[nodiscard]] Node::Kind plain_kind(std::string_view text);

// The value of a scalar of that kind; nullopt when it does not fit. Integers may be decimal, 0x, 0o, 0b or octal with a
// leading zero, with "_" between digits.
[[nodiscard]] std::optional<bool> to_boolean(std::string_view text);
[[nodiscard]] std::optional<int64_t> to_integer(std::string_view text);
[[nodiscard]] std::optional<double> to_float(std::string_view text);

// Appends the four bytes of a code point beyond U+FFFF.
void append_utf8(std::string& text, uint32_t code_point);

// True for well-formed UTF-8 (RFC 3629) without control characters that YAML forbids.
[[nodiscard]] bool is_yaml_text(std::string_view text);

}  // namespace ripstop::dialect
