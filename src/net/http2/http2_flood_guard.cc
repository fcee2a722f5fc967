#include "net/http2/http2_flood_guard.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <chrono>

namespace ripstop::net {
namespace {

// A receiver that reads in small pieces sends a few of them for each frame of ours, on the stream and the connection.
constexpr double kWindowUpdatesPerDataFrame = 10;

}  // namespace

bool FrameBudget::take(TimePoint now) {
  if (now > last_) {
    const double refill = std::chrono::duration<double>(now - last_).count() * allowance_.per_second;
    if (left_ < allowance_.burst) left_ = std::min(allowance_.burst, left_ + refill);
    last_ = now;
  }
  if (left_ < 1) return false;
  left_ -= 1;
  return true;
}

void FrameBudget::credit(double frames) {
  left_ = std::max(left_, std::min(left_ + frames, allowance_.burst * 10));
}

bool Http2FloodGuard::on_frame_begun(uint8_t type, TimePoint now) {
  switch (type) {
    case NGHTTP2_DATA:
    case NGHTTP2_HEADERS:
    case NGHTTP2_CONTINUATION:
      return true;
    case NGHTTP2_RST_STREAM:
      return resets_received_.take(now);
    case NGHTTP2_WINDOW_UPDATE:
      return window_updates_.take(now);
    default:
      return control_.take(now);
  }
}

void Http2FloodGuard::on_data_sent() {
  window_updates_.credit(kWindowUpdatesPerDataFrame);
}

}  // namespace ripstop::net
