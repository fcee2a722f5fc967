// A task that an event may end before its time.
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "runtime/event.h"
#include "runtime/task.h"
#include "runtime/wait.h"

namespace ripstop::runtime {

// co_await unless(event, task): the task's result, or nullopt (the task having been cancelled) as soon as the event is
// set, which must not happen inside the task. A Task<void> gives optional<monostate>. Costs no frame of its own.
template <typename T>
class [[nodiscard]] unless final : private Event::Waiter {  // NOLINT(readability-identifier-naming): reads as a word
 public:
  unless(Event& event, Task<T> task) : event_(event), task_(std::move(task)) {}
  bool await_ready() const noexcept { return event_.is_set(); }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiting) {
    waiting_ = waiting;
    enter(event_);
    task_.handle().promise().continuation = waiting;
    return task_.handle();
  }
  std::optional<detail::Plain<T>> await_resume() {
    leave();
    if (!task_.is_valid() || !task_.is_done()) return std::nullopt;
    return detail::take_plain(task_);
  }

 private:
  void on_event() override {
    task_.reset();
    waiting_.resume();
  }

  Event& event_;
  Task<T> task_;
  std::coroutine_handle<> waiting_;
};

}  // namespace ripstop::runtime
