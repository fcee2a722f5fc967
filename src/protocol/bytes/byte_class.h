// Sets of bytes, and finding the first byte outside of one: what every textual codec here is made of.
//
// The search uses AVX2 or SSSE3 where the processor has it (chosen once, at start) and a table where it has not.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace ripstop::protocol {

// A set of ASCII bytes, optionally with all bytes from 0x80 up. A constant: build it at compile time.
class ByteClass {
 public:
  consteval explicit ByteClass(std::string_view members) {
    for (const char c : members) insert(static_cast<uint8_t>(c));
  }
  [[nodiscard]] consteval ByteClass with(std::string_view members) const {
    ByteClass wider = *this;
    for (const char c : members) wider.insert(static_cast<uint8_t>(c));
    return wider;
  }
  [[nodiscard]] consteval ByteClass without(std::string_view members) const {
    ByteClass narrower = *this;
    for (const char c : members) narrower.remove(static_cast<uint8_t>(c));
    return narrower;
  }

  [[nodiscard]] constexpr bool has(char c) const {
    const auto byte = static_cast<uint8_t>(c);
    return byte < 0x80 && (rows_[byte & 0x0F] >> (byte >> 4) & 1) != 0;
  }
  // Of the bytes with low nibble i, bit h says whether 0xhi is a member.
  [[nodiscard]] const uint8_t* rows() const { return rows_.data(); }

 private:
  consteval void insert(uint8_t byte) {
    if (byte >= 0x80) throw "ASCII only";
    rows_[byte & 0x0F] = static_cast<uint8_t>(rows_[byte & 0x0F] | 1U << (byte >> 4));
  }
  consteval void remove(uint8_t byte) {
    rows_[byte & 0x0F] = static_cast<uint8_t>(rows_[byte & 0x0F] & ~(1U << (byte >> 4)));
  }

  alignas(16) std::array<uint8_t, 16> rows_{};
};

inline constexpr ByteClass kDigit("0123456789");
inline constexpr ByteClass kAlphanumeric = kDigit.with("abcdefghijklmnopqrstuvwxyz").with("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
// tchar of RFC 9110 section 5.6.2.
inline constexpr ByteClass kTokenBytes = kAlphanumeric.with("!#$%&'*+-.^_`|~");
// unreserved of RFC 3986 section 2.3.
inline constexpr ByteClass kUnreserved = kAlphanumeric.with("-._~");
// Printable ASCII without space.
inline constexpr ByteClass kVisible = kTokenBytes.with("\"(),/:;<=>?@[\\]{}");

// Offset of the first byte that is not a member; text.size() when all are.
[[nodiscard]] size_t find_outside(const ByteClass& members, std::string_view text);

// Offset of the first control byte (0x00-0x1F without HTAB, and 0x7F); text.size() when there is none.
[[nodiscard]] size_t find_control(std::string_view text);

[[nodiscard]] inline bool is_token(std::string_view text) {
  return !text.empty() && find_outside(kTokenBytes, text) == text.size();
}

// Value of a hexadecimal digit, -1 for any other byte.
[[nodiscard]] constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// One way of searching; named so that tests and benchmarks can compare all that the processor can run.
struct ByteScanner {
  std::string_view name;
  bool supported;
  size_t (*find_outside)(const ByteClass& members, const char* text, size_t size);
  size_t (*find_control)(const char* text, size_t size);
};
[[nodiscard]] std::array<ByteScanner, 3> byte_scanners();

}  // namespace ripstop::protocol
