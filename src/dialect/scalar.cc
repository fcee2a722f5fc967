#include "dialect/scalar.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "base/text.h"

namespace ripstop::dialect {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

bool is_null(std::string_view text) {
  return is_one_of(text, {"", "~", "null", "Null", "NULL"});
}

// The digits without "_", the base, the sign.
struct Number {
  std::string digits;
  int base = 10;
  bool is_negative = false;
};

Number take_apart(std::string_view text) {
  Number number;
  if (text.starts_with('-') || text.starts_with('+')) {
    number.is_negative = text.front() == '-';
    text.remove_prefix(1);
  }
  const auto base_is = [&text, &number](std::string_view prefix, int base) {
    if (!text.starts_with(prefix) || text.size() == prefix.size()) return false;
    text.remove_prefix(prefix.size());
    number.base = base;
    return true;
  };
  if (!base_is("0x", 16) && !base_is("0o", 8) && !base_is("0b", 2)) base_is("0", 8);
  if (text.starts_with('_')) return {};
  std::ranges::copy_if(text, std::back_inserter(number.digits), [](char c) { return c != '_'; });
  return number;
}

bool is_integer(std::string_view text) {
  const Number number = take_apart(text);
  return !number.digits.empty() && std::ranges::all_of(number.digits, [&number](char c) {
    const char lower = ascii_lower(c);
    const int value = lower >= '0' && lower <= '9' ? lower - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 99;
    return value < number.base;
  });
}

// [-+]? ( digits [ "." digits ] | "." digits ) [ (e|E) [-+]? digits ]
bool is_float(std::string_view text) {
  if (is_one_of(text, {".inf", ".Inf", ".INF", "+.inf", "-.inf", ".nan", ".NaN", ".NAN"})) return true;
  size_t at = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  const auto digits = [&text, &at] {
    const size_t start = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - start;
  };
  size_t count = digits();
  if (at < text.size() && text[at] == '.') {
    ++at;
    count += digits();
  }
  if (count == 0) return false;
  if (at < text.size() && ascii_lower(text[at]) == 'e') {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

// Length of the UTF-8 sequence that `text` starts with, 0 when it is malformed.
size_t sequence_length(std::string_view text) {
  const auto byte = [&text](size_t i) { return static_cast<uint8_t>(text[i]); };
  const auto continues = [&text, &byte](size_t count) {
    if (text.size() <= count) return false;
    for (size_t i = 1; i <= count; ++i) {
      if ((byte(i) & 0xC0) != 0x80) return false;
    }
    return true;
  };
  const uint8_t first = byte(0);
  if (first < 0x80) return first >= 0x20 || first == '\t' || first == '\n' || first == '\r' ? 1 : 0;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (!continues(2) || (first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F)) return 0;
    return 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (!continues(3) || (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F)) return 0;
    return 4;
  }
  return 0;
}

}  // namespace

Node::Kind plain_kind(std::string_view text) {
  if (is_null(text)) return Node::Kind::kNull;
  if (to_boolean(text)) return Node::Kind::kBoolean;
  if (is_integer(text)) return Node::Kind::kInteger;
  if (is_float(text)) return Node::Kind::kFloat;
  return Node::Kind::kText;
}

std::optional<bool> to_boolean(std::string_view text) {
  if (is_one_of(text, {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})) return true;
  if (is_one_of(text, {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})) return false;
  return std::nullopt;
}

std::optional<int64_t> to_integer(std::string_view text) {
  const Number number = take_apart(text);
  return parse_number<int64_t>((number.is_negative ? "-" : "") + number.digits, number.base);
}

std::optional<double> to_float(std::string_view text) {
  if (is_integer(text)) {
    const auto value = to_integer(text);
    return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
  }
  if (!is_float(text)) return std::nullopt;
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

void append_utf8(std::string& text, uint32_t code_point) {
  text += static_cast<char>(0xF0 | code_point >> 18);
  for (int shift = 12; shift >= 0; shift -= 6) text += static_cast<char>(0x80 | (code_point >> shift & 0x3F));
}

bool is_yaml_text(std::string_view text) {
  while (!text.empty()) {
    const size_t length = sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace ripstop::dialect
