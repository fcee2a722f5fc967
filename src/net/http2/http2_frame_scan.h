// Looks at the frame headers in what a client sends, before nghttp2 does: that forgets streams once they are over, and
// is silent about what then still comes on them and about priorities. A frame on a stream that the peer itself has
// ended is told from what it sent before it heard of a reset of ours (RFC 9113 section 5.1).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "net/http2/http2_stream.h"

namespace ripstop::net {

class Http2FrameScan {
 public:
  // The next bytes; the connection's first ones are the preface. A code: the connection is to be ended with it.
  [[nodiscard]] std::optional<Http2Code> scan(std::string_view bytes);
  // The peer has said all on the stream, and the stream is gone.
  void on_ended(int32_t id) { ended_[next_++ % ended_.size()] = id; }
  // Frames of unknown types since the last call. RFC 9113 has them ignored, and nghttp2 is silent about them as well.
  [[nodiscard]] size_t take_unknown() { return std::exchange(unknown_, 0); }

 private:
  std::optional<Http2Code> judge();
  std::optional<Http2Code> judge_stream(int32_t id) const;
  void on_headers(int32_t id);

  static constexpr size_t kHeader = 9;
  size_t skip_ = 24;
  // A frame's header; of a PRIORITY frame the stream that it depends on as well.
  std::array<uint8_t, kHeader + 4> head_{};
  size_t filled_ = 0;
  int32_t highest_ = 0;
  int32_t first_skipped_ = 1;  // ids that the peer passed over; they can never be opened
  int32_t last_skipped_ = 0;
  std::array<int32_t, 16> ended_{-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
  size_t next_ = 0;
  size_t unknown_ = 0;
};

}  // namespace ripstop::net
