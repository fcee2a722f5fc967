// What the fuzz targets of this room share: a way of cutting input into pieces, and a check that stops the fuzzer.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace ripstop::protocol {

// The first byte chooses options and piece sizes, the others are the bytes of the peer.
struct FuzzInput {
  FuzzInput(const uint8_t* bytes, size_t size)
      : option(size == 0 ? uint8_t{0} : bytes[0]),
        text(reinterpret_cast<const char*>(bytes) + (size == 0 ? 0 : 1), size == 0 ? 0 : size - 1) {}

  // Calls feed(end) for growing ends of `text`, the last being all of it, until feed returns false.
  template <typename Feed>
  void for_each_prefix(Feed feed) const {
    uint32_t state = option * 2654435761U + 1;
    for (size_t end = 0; end < text.size();) {
      state = state * 1664525U + 1013904223U;
      end = std::min(text.size(), end + 1 + (state >> 24) % 19);
      if (!feed(end)) return;
    }
  }

  uint8_t option;
  std::string_view text;
};

inline void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace ripstop::protocol
