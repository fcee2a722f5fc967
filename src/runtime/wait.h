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

// co_await turn_end(whom): goes on when everything that this turn of the loop found ready has been served, or at once
// when that was a single descriptor. What many write then, one after the other, wakes their peers once; written in
// between, it would wake them again for each.
class [[nodiscard]] turn_end final {  // NOLINT(readability-identifier-naming): a moment, like sleep_until
 public:
  explicit turn_end(Towards whom) : whom_(whom) {}
  bool await_ready() const noexcept { return !Reactor::current().is_amid_batch(); }
  void await_suspend(std::coroutine_handle<> waiting) { Reactor::current().turn_end(whom_).enter(place_, waiting); }
  void await_resume() const noexcept {}

 private:
  Towards whom_;
  TurnQueue::Place place_;
};

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
class [[nodiscard]] with_deadline final : private Timer {  // NOLINT(readability-identifier-naming): reads as a verb
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
class [[nodiscard]] race {  // NOLINT(readability-identifier-naming): reads as a verb
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

// co_await both(a, b, stops): the results of the two, run side by side. As soon as one gives a result for which
// `stops(result)` holds, the other is cancelled and has none.
template <typename A, typename B, typename Stops>
class [[nodiscard]] both {  // NOLINT(readability-identifier-naming): reads as a verb
 public:
  struct Outcome {
    std::optional<A> first;
    std::optional<B> second;
  };

  both(Task<A> first, Task<B> second, Stops stops)
      : first_(std::move(first)), second_(std::move(second)), stops_(std::move(stops)) {}
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiting) {
    // While they start they continue nowhere: the awaiting coroutine is not yet to be resumed.
    first_.handle().resume();
    if (is_over()) return false;
    second_.handle().resume();
    if (is_over()) return false;
    watcher_ = watch(*this, waiting);
    if (!first_.is_done()) first_.handle().promise().continuation = watcher_.handle();
    if (!second_.is_done()) second_.handle().promise().continuation = watcher_.handle();
    return true;
  }
  Outcome await_resume() {
    Outcome outcome;
    if (first_.is_done()) outcome.first = first_.take();
    if (second_.is_done()) outcome.second = second_.take();
    first_.reset();
    second_.reset();
    return outcome;
  }

 private:
  // Resumed by each task that finishes; resumes the awaiting coroutine when it is over.
  static Task<void> watch(both& self, std::coroutine_handle<> waiting) {
    struct Step {
      both& self;
      std::coroutine_handle<> waiting;
      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<>) noexcept {
        return self.is_over() ? waiting : std::noop_coroutine();
      }
      void await_resume() const noexcept {}
    };
    for (;;) co_await Step{self, waiting};
  }
  [[nodiscard]] bool is_over() {
    const bool first_done = first_.is_done();
    const bool second_done = second_.is_done();
    if (first_done && second_done) return true;
    if (first_done) return stops_(*first_.handle().promise().value);
    return second_done && stops_(*second_.handle().promise().value);
  }

  Task<A> first_;
  Task<B> second_;
  Stops stops_;
  Task<void> watcher_;
};

}  // namespace ripstop::runtime
