// Ways to wait: for a while, with a deadline, for the first of two.
#pragma once

#include <coroutine>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/time.h"
#include "runtime/reactor.h"
#include "runtime/task.h"
#include "runtime/timer.h"

namespace ripstop::runtime {

// co_await sleep_until(when): not before `when`. kNever: until cancelled.
class [[nodiscard]] sleep_until final : private Timer {  // NOLINT(readability-identifier-naming): reads as a verb
 public:
  explicit sleep_until(TimePoint when) : when_(when) {}
  bool await_ready() const noexcept { return when_ <= Reactor::current().now(); }
  void await_suspend(std::coroutine_handle<> waiting) {
    waiting_ = waiting;
    arm(Reactor::current().timers(), when_);
  }
  void await_resume() const noexcept {}

 private:
  void on_timer() override { waiting_.resume(); }
  TimePoint when_;
  std::coroutine_handle<> waiting_;
};

[[nodiscard]] inline sleep_until sleep_for(Duration duration) {
  return sleep_until(Reactor::current().now() + duration);
}

namespace detail {
template <typename T>
using Plain = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <typename T>
Plain<T> take_plain(Task<T>& task) {
  if constexpr (std::is_void_v<T>) {
    task.take();
    return {};
  } else {
    return task.take();
  }
}
}  // namespace detail

// co_await with_deadline(task, when): the task's result, or nullopt (the task having been cancelled) when `when` came
// first. A Task<void> gives optional<monostate>.
template <typename T>
class [[nodiscard]] with_deadline final : private Timer {  // NOLINT(readability-identifier-naming)
 public:
  with_deadline(Task<T> task, TimePoint deadline) : task_(std::move(task)), deadline_(deadline) {}
  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiting) {
    waiting_ = waiting;
    arm(Reactor::current().timers(), deadline_);
    task_.handle().promise().continuation = waiting;
    return task_.handle();
  }
  std::optional<detail::Plain<T>> await_resume() {
    disarm();
    if (!task_.is_valid()) return std::nullopt;
    return detail::take_plain(task_);
  }

 private:
  void on_timer() override {
    task_.reset();
    waiting_.resume();
  }
  Task<T> task_;
  TimePoint deadline_;
  std::coroutine_handle<> waiting_;
};

// co_await race(a, b): the result of whichever is done first, as variant index 0 or 1; the other is cancelled. When
// both finish at once, the first.
template <typename A, typename B>
class [[nodiscard]] race {  // NOLINT(readability-identifier-naming)
 public:
  race(Task<A> first, Task<B> second) : first_(std::move(first)), second_(std::move(second)) {}
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiting) {
    // While they start they continue nowhere: the awaiting coroutine is not yet to be resumed.
    first_.handle().resume();
    if (first_.is_done()) return false;
    second_.handle().resume();
    if (first_.is_done() || second_.is_done()) return false;
    first_.handle().promise().continuation = waiting;
    second_.handle().promise().continuation = waiting;
    return true;
  }
  std::variant<detail::Plain<A>, detail::Plain<B>> await_resume() {
    using Outcome = std::variant<detail::Plain<A>, detail::Plain<B>>;
    if (first_.is_done()) {
      second_.reset();
      return Outcome(std::in_place_index<0>, detail::take_plain(first_));
    }
    first_.reset();
    return Outcome(std::in_place_index<1>, detail::take_plain(second_));
  }

 private:
  Task<A> first_;
  Task<B> second_;
};

}  // namespace ripstop::runtime
