// The two clocks. Pure code takes a TimePoint as an argument; only runtime and the programs read a clock.
#pragma once

#include <chrono>

namespace ripstop {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = Clock::duration;

// For certificates, logs and anything a person reads.
using WallClock = std::chrono::system_clock;
using WallTime = WallClock::time_point;

// A deadline that never comes.
inline constexpr TimePoint kNever = TimePoint::max();

// now + timeout without overflow; a zero or negative timeout gives kNever, as "0 disables" is the rule of Envoy and
// Istio.
[[nodiscard]] constexpr TimePoint deadline_after(TimePoint now, Duration timeout) {
  if (timeout <= Duration::zero() || timeout >= kNever - now) return kNever;
  return now + timeout;
}

}  // namespace ripstop
