// How long to wait before the next attempt: longer each time, with jitter, so that a thousand proxies that lost their
// control plane at once do not come back at once.
#pragma once

#include <algorithm>

#include "base/random.h"
#include "base/time.h"

namespace ripstop::xds {

class BackOff {
 public:
  struct Limits {
    Duration first = std::chrono::seconds(1);
    Duration longest = std::chrono::seconds(30);
    double growth = 1.6;
    double jitter = 0.2;  // each delay is off by at most this share, either way
  };

  explicit BackOff(Limits limits) : limits_(limits), next_(limits.first) {}

  [[nodiscard]] Duration next(Random& random) {
    const Duration base = next_;
    next_ = std::min(limits_.longest, scaled(next_, limits_.growth));
    return scaled(base, 1 + limits_.jitter * (2 * random.unit() - 1));
  }
  // An attempt went well: the next wait is the first again.
  void reset() { next_ = limits_.first; }

 private:
  static Duration scaled(Duration duration, double factor) {
    return Duration(static_cast<Duration::rep>(static_cast<double>(duration.count()) * factor));
  }

  Limits limits_;
  Duration next_;
};

}  // namespace ripstop::xds
