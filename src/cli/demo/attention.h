// Waiting that a signal cuts short, and during which the picture on the terminal is kept fresh.
#pragma once

#include <chrono>
#include <functional>
#include <initializer_list>
#include <optional>
#include <utility>

#include "base/result.h"
#include "base/time.h"
#include "cli/run/signals.h"

namespace ripstop::cli::demo {

class Attention {
 public:
  explicit Attention(PassedSignals signals) : signals_(std::move(signals)) {}

  // Called again and again while something is waited for. Must not wait through this object.
  void every(std::chrono::milliseconds pulse, std::function<void()> on_pulse);

  // True once one of `fds` is readable, false at `deadline`; kCancelled from the first signal on that asks to end.
  Result<bool> wait(std::initializer_list<int> fds, TimePoint deadline);
  Status pause(std::chrono::milliseconds duration);

  [[nodiscard]] std::optional<int> ending_signal() const { return ending_signal_; }

 private:
  void take_signals();

  PassedSignals signals_;
  std::optional<int> ending_signal_;
  std::chrono::milliseconds pulse_{};
  std::function<void()> on_pulse_;
  TimePoint next_pulse_ = kNever;
};

}  // namespace ripstop::cli::demo
