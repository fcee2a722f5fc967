// Event: what a coroutine waits on. One waiter at a time, same thread. Stays set until cleared.
#pragma once

#include <coroutine>

#include "base/time.h"
#include "runtime/timer.h"

namespace ripstop::runtime {

class Event {
 public:
  Event() = default;
  explicit Event(bool is_set) : is_set_(is_set) {}
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  // Resumes the waiter at once, inside this call. The event may be destroyed by what the waiter does.
  void set();
  void clear() { is_set_ = false; }
  [[nodiscard]] bool is_set() const { return is_set_; }
  [[nodiscard]] bool has_waiter() const { return waiter_ != nullptr; }

  class Awaiter;
  // co_await gives true when the event is set, false when the deadline passed first.
  [[nodiscard]] Awaiter wait(TimePoint deadline = kNever);

 private:
  friend class Awaiter;
  bool is_set_ = false;
  Awaiter* waiter_ = nullptr;
};

class [[nodiscard]] Event::Awaiter final : private Timer {
 public:
  Awaiter(Event& event, TimePoint deadline) : event_(event), deadline_(deadline) {}
  ~Awaiter() override {
    if (is_waiting_) event_.waiter_ = nullptr;
  }

  bool await_ready() const noexcept { return event_.is_set_; }
  void await_suspend(std::coroutine_handle<> waiting);
  bool await_resume() const noexcept { return !timed_out_; }

 private:
  friend class Event;
  void on_timer() override;

  Event& event_;
  TimePoint deadline_;
  std::coroutine_handle<> waiting_;
  bool is_waiting_ = false;
  bool timed_out_ = false;
};

inline Event::Awaiter Event::wait(TimePoint deadline) {
  return Awaiter(*this, deadline);
}

}  // namespace ripstop::runtime
