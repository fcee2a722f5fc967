// Remembers which streams the peer itself has ended lately, so that what it still sends on one is told from what it
// sent before it heard of a reset of ours (RFC 9113 section 5.1).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace ripstop::net {

class Http2EndedStreams {
 public:
  // The peer opened a stream; those that it passed over can never be opened.
  void on_opened(int32_t id) {
    if (id > highest_ + 2) {
      first_skipped_ = highest_ + 1;
      last_skipped_ = id - 1;
    }
    highest_ = std::max(highest_, id);
  }
  // The peer has said all on the stream, or has reset it, and the stream is gone.
  void on_ended(int32_t id) { ended_[next_++ % ended_.size()] = id; }

  [[nodiscard]] bool has_ended(int32_t id) const {
    return id <= highest_ && std::ranges::find(ended_, id) != ended_.end();
  }
  [[nodiscard]] bool was_skipped(int32_t id) const { return id >= first_skipped_ && id <= last_skipped_; }

 private:
  int32_t highest_ = 0;
  int32_t first_skipped_ = 1;
  int32_t last_skipped_ = 0;
  std::array<int32_t, 16> ended_{};
  size_t next_ = 0;
};

}  // namespace ripstop::net
