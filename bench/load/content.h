// What the upstream sends and the clients expect: bytes that tell their own place, so that a proxy that loses, repeats
// or reorders some is found out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ripstop::load {

// A prime number of different bytes, so that no power of two of them looks like another.
[[nodiscard]] constexpr char content_byte(size_t position) {
  return static_cast<char>('!' + position % 89);
}

[[nodiscard]] inline std::string content(size_t size) {
  std::string made(size, '\0');
  for (size_t i = 0; i < size; ++i) made[i] = content_byte(i);
  return made;
}

// Are these the bytes of the content from `position` on?
[[nodiscard]] inline bool is_content(std::string_view bytes, size_t position) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] != content_byte(position + i)) return false;
  }
  return true;
}

}  // namespace ripstop::load
