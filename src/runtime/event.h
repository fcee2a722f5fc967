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

  // One place in an event's queue of one. Deregisters itself when it is destroyed.
  class Waiter {
   public:
    Waiter() = default;
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    virtual ~Waiter() { leave(); }

   protected:
    void enter(Event& event);
    void leave();
    // The event was set; already deregistered.
    virtual void on_event() = 0;

   private:
    friend class Event;
    Event* event_ = nullptr;
  };

 private:
  bool is_set_ = false;
  Waiter* waiter_ = nullptr;
};

class [[nodiscard]] Event::Awaiter final : private Timer, private Event::Waiter {
 public:
  Awaiter(Event& event, TimePoint deadline) : event_(event), deadline_(deadline) {}

  bool await_ready() const noexcept { return event_.is_set_; }
  void await_suspend(std::coroutine_handle<> waiting);
  bool await_resume() const noexcept { return !timed_out_; }

 private:
  void on_event() override;
  void on_timer() override;

  Event& event_;
  TimePoint deadline_;
  std::coroutine_handle<> waiting_;
  bool timed_out_ = false;
};

inline Event::Awaiter Event::wait(TimePoint deadline) {
  return Awaiter(*this, deadline);
}

enum class Woken : unsigned char { kFirst, kSecond, kTimedOut };

// co_await wait_either(a, b, deadline): which came first. When both are set already, the first.
class [[nodiscard]] wait_either final : private Timer {  // NOLINT(readability-identifier-naming): reads as a verb
 public:
  wait_either(Event& first, Event& second, TimePoint deadline = kNever)
      : first_(*this, first, Woken::kFirst), second_(*this, second, Woken::kSecond), deadline_(deadline) {}

  bool await_ready() const noexcept { return first_.event.is_set() || second_.event.is_set(); }
  void await_suspend(std::coroutine_handle<> waiting);
  Woken await_resume() const noexcept;

 private:
  struct Half final : Event::Waiter {
    Half(wait_either& whole, Event& on, Woken result) : owner(whole), event(on), outcome(result) {}
    void on_event() override { owner.wake(outcome); }
    using Event::Waiter::enter;
    using Event::Waiter::leave;
    wait_either& owner;
    Event& event;
    Woken outcome;
  };
  void wake(Woken outcome);
  void on_timer() override { wake(Woken::kTimedOut); }

  Half first_;
  Half second_;
  TimePoint deadline_;
  std::coroutine_handle<> waiting_;
  Woken outcome_ = Woken::kTimedOut;
};

}  // namespace ripstop::runtime
