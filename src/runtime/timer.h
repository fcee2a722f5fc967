// Timers on a hierarchical wheel: one millisecond a tick, four levels of 256 slots, insertion and removal O(1).
#pragma once

#include <array>
#include <cstdint>

#include "base/time.h"

namespace ripstop::runtime {

class TimerWheel;

// Embedded in whatever waits. Destroying it disarms it. Not movable while armed.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  virtual ~Timer() { disarm(); }

  // Fires once, at or after `deadline` and never more than a tick late by the wheel's own doing. Re-arming an armed
  // timer moves it. kNever only disarms.
  void arm(TimerWheel& wheel, TimePoint deadline);
  void disarm();
  [[nodiscard]] bool is_armed() const { return wheel_ != nullptr; }
  // The tick at which it fires; what is armed later for as long has a later one.
  [[nodiscard]] uint64_t tick() const { return tick_; }

 protected:
  // Runs in the loop, disarmed already; may arm again and may destroy this timer.
  virtual void on_timer() = 0;

 private:
  friend class TimerWheel;
  Timer* next_ = nullptr;
  Timer** link_ = nullptr;  // the pointer that points here
  TimerWheel* wheel_ = nullptr;
  uint64_t tick_ = 0;
  uint16_t slot_ = 0;
};

class TimerWheel {
 public:
  explicit TimerWheel(TimePoint start);
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;
  ~TimerWheel();

  // Fires everything due at `now`. Not reentrant.
  void advance(TimePoint now);
  // The next moment at which advance() may have something to do; kNever when nothing is armed. May be early, for a
  // timer that is still on a coarse level, never late.
  [[nodiscard]] TimePoint next() const;

 private:
  friend class Timer;
  static constexpr unsigned kLevels = 4;
  static constexpr unsigned kSlotBits = 8;
  static constexpr unsigned kSlots = 1U << kSlotBits;

  void insert(Timer& timer);
  void unlink(Timer& timer);
  void cascade(unsigned level);
  [[nodiscard]] int next_slot(unsigned level, unsigned from) const;
  [[nodiscard]] uint64_t next_tick() const;

  TimePoint start_;
  uint64_t tick_ = 0;  // everything up to and including this tick has fired
  std::array<Timer*, kLevels * kSlots> slots_{};
  std::array<uint64_t, kLevels * kSlots / 64> occupied_{};
};

}  // namespace ripstop::runtime
