// When to push: a moment after a change, so that a burst of changes becomes one push, but never much later.
#pragma once

#include <algorithm>
#include <functional>
#include <utility>

#include "base/time.h"
#include "runtime/reactor.h"
#include "runtime/timer.h"

namespace ripstop::control {

struct PushPace {
  Duration quiet = std::chrono::milliseconds(10);     // without a further change
  Duration longest = std::chrono::milliseconds(100);  // after the first one, whatever else changes
};

// One thread. `push` runs in the loop of the reactor that was current at construction, never inside trigger().
class PushTimer final : private runtime::Timer {
 public:
  PushTimer(PushPace pace, std::function<void()> push)
      : pace_(pace), push_(std::move(push)), reactor_(runtime::Reactor::current()) {}

  void trigger() {
    const TimePoint now = reactor_.now();
    if (!is_armed()) latest_ = now + pace_.longest;
    arm(reactor_.timers(), std::min(now + pace_.quiet, latest_));
  }
  [[nodiscard]] bool is_due() const { return is_armed(); }

 private:
  void on_timer() override { push_(); }

  PushPace pace_;
  std::function<void()> push_;
  runtime::Reactor& reactor_;
  TimePoint latest_{};
};

}  // namespace ripstop::control
