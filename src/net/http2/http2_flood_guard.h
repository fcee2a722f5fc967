// Counts the frames that cost the sender nothing and us something, and says when there were too many.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "net/http2/http2_options.h"

namespace ripstop::net {

// A token bucket. Time is an argument.
class FrameBudget {
 public:
  explicit FrameBudget(Http2Allowance allowance) : allowance_(allowance), left_(allowance.burst) {}

  // False when nothing is left.
  [[nodiscard]] bool take(TimePoint now);
  // More, up to ten bursts.
  void credit(double frames);

 private:
  Http2Allowance allowance_;
  double left_;
  TimePoint last_{};
};

class Http2FloodGuard {
 public:
  static constexpr double kControlFramesPerRequest = 2;

  explicit Http2FloodGuard(const Http2Options& options)
      : control_(options.control_frames),
        window_updates_(options.window_updates),
        resets_received_(options.resets_received),
        resets_sent_(options.resets_sent) {}

  // A frame began to arrive; `type` is as on the wire. False: end the connection.
  [[nodiscard]] bool on_frame_begun(uint8_t type, TimePoint now);
  // A head on a stream that is gone, or a frame of an unknown type. False: end the connection.
  [[nodiscard]] bool on_useless_frame(TimePoint now) { return control_.take(now); }
  // A request came, and some clients send frames about each: SETTINGS rarely, PRIORITY and PING often.
  void on_request() { control_.credit(kControlFramesPerRequest); }
  // A DATA frame without content that did not end its stream. False: end the connection.
  [[nodiscard]] bool on_empty_data(TimePoint now) { return control_.take(now); }
  void on_data_sent();
  // A reset was sent for what the peer did. False: the peer made us send too many of them.
  [[nodiscard]] bool on_reset_provoked(TimePoint now) { return resets_sent_.take(now); }

 private:
  FrameBudget control_;
  FrameBudget window_updates_;
  FrameBudget resets_received_;
  FrameBudget resets_sent_;
};

}  // namespace ripstop::net
