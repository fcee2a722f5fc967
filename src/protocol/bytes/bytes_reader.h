// Reading big-endian binary formats without ever stepping over the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ripstop::protocol {

// Reads from the front. After the first read that asks for more than there is, failed() stays true and every read gives
// zero or nothing, so a whole structure can be read before asking once.
class BytesReader {
 public:
  explicit BytesReader(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] uint8_t u8() { return static_cast<uint8_t>(number(1)); }
  [[nodiscard]] uint16_t u16() { return static_cast<uint16_t>(number(2)); }
  [[nodiscard]] uint32_t u24() { return number(3); }
  [[nodiscard]] uint32_t u32() { return number(4); }
  [[nodiscard]] std::string_view take(size_t size) {
    if (size > rest_.size()) {
      failed_ = true;
      rest_ = {};
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  // A vector with its length before it.
  [[nodiscard]] std::string_view vector8() { return take(u8()); }
  [[nodiscard]] std::string_view vector16() { return take(u16()); }

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool empty() const { return rest_.empty(); }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  uint32_t number(size_t size) {
    uint32_t value = 0;
    for (const char c : take(size)) value = value << 8 | static_cast<uint8_t>(c);
    return value;
  }

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace ripstop::protocol
