// Text helpers that the standard library lacks. ASCII only: protocol names and field values, never user language.
#pragma once

#include <charconv>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace ripstop {

[[nodiscard]] constexpr char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}
[[nodiscard]] std::string to_lower(std::string_view text);
[[nodiscard]] bool equals_ignore_case(std::string_view left, std::string_view right);

// Without leading and trailing spaces and tabs (OWS of RFC 9110 section 5.6.3).
[[nodiscard]] std::string_view trim(std::string_view text);

// Every piece between separators, empty ones included; "" gives one empty piece. Views into `text`.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
[[nodiscard]] std::string join(std::span<const std::string> pieces, std::string_view separator);

// A whole decimal number, nothing before or after it and no sign for unsigned types; nullopt otherwise or on overflow.
template <typename Number>
[[nodiscard]] std::optional<Number> parse_number(std::string_view text, int base = 10) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc{} || stop != end || text.empty()) return std::nullopt;
  return value;
}

// The candidate that a person most likely meant by `word`, or nullopt when none is near (Damerau-Levenshtein distance
// of at most a third of the word). For "did you mean …?".
[[nodiscard]] std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

[[nodiscard]] std::string to_hex(std::string_view bytes);
// RFC 4648 section 4, with padding. Decoding refuses anything else.
[[nodiscard]] std::string to_base64(std::string_view bytes);
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace ripstop
