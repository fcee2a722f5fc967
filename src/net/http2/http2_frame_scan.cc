#include "net/http2/http2_frame_scan.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>

namespace ripstop::net {
namespace {

int32_t stream_id(const uint8_t* bytes) {
  return (bytes[0] & 0x7F) << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
}

constexpr size_t kPriorityPayload = 5;

}  // namespace

std::optional<Http2Code> Http2FrameScan::scan(std::string_view bytes) {
  while (!bytes.empty()) {
    if (skip_ > 0) {
      const size_t count = std::min(skip_, bytes.size());
      bytes.remove_prefix(count);
      skip_ -= count;
      continue;
    }
    const size_t wanted = filled_ < kHeader ? kHeader : head_.size();
    const size_t count = std::min(wanted - filled_, bytes.size());
    std::copy_n(bytes.begin(), count, head_.begin() + static_cast<std::ptrdiff_t>(filled_));
    bytes.remove_prefix(count);
    filled_ += count;
    if (filled_ < kHeader) continue;
    const size_t payload = size_t{head_[0]} << 16 | size_t{head_[1]} << 8 | head_[2];
    const bool wants_more = head_[3] == NGHTTP2_PRIORITY && payload == kPriorityPayload;
    if (wants_more && filled_ < head_.size()) continue;
    skip_ = payload - (filled_ - kHeader);
    filled_ = 0;
    if (const auto code = judge()) return code;
  }
  return std::nullopt;
}

std::optional<Http2Code> Http2FrameScan::judge() {
  const int32_t id = stream_id(&head_[5]);
  switch (head_[3]) {
    case NGHTTP2_PRIORITY: {
      const size_t payload = size_t{head_[0]} << 16 | size_t{head_[1]} << 8 | head_[2];
      const bool depends_on_itself = payload == kPriorityPayload && stream_id(&head_[kHeader]) == id;
      return id == 0 || depends_on_itself ? std::optional(Http2Code::kProtocolError) : std::nullopt;
    }
    case NGHTTP2_RST_STREAM:
      on_ended(id);
      return std::nullopt;
    case NGHTTP2_HEADERS: {
      const auto code = judge_stream(id);
      if (!code) on_headers(id);
      return code;
    }
    case NGHTTP2_DATA:
      return judge_stream(id);
    default:
      if (head_[3] > NGHTTP2_CONTINUATION) ++unknown_;
      return std::nullopt;
  }
}

std::optional<Http2Code> Http2FrameScan::judge_stream(int32_t id) const {
  if (std::ranges::find(ended_, id) != ended_.end()) return Http2Code::kStreamClosed;
  if (id >= first_skipped_ && id <= last_skipped_) return Http2Code::kProtocolError;
  return std::nullopt;
}

void Http2FrameScan::on_headers(int32_t id) {
  if (id <= highest_) return;
  if (id > highest_ + 2) {
    first_skipped_ = highest_ + 1;
    last_skipped_ = id - 1;
  }
  highest_ = id;
}

}  // namespace ripstop::net
