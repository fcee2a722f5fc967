// Task<T>: a coroutine that its awaiter owns.
//
// Lazy: it runs when awaited, on the awaiter's thread, and resumes the awaiter by symmetric transfer when it is done.
// Cancellation is destruction: dropping a Task that is suspended destroys its frame and everything it was waiting for
// (every awaiter of this room deregisters itself). A task must not be destroyed while it runs, so nothing destroys
// itself from inside; see Scope. Nothing throws: an exception that escapes a task ends the program.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>

#include "runtime/memory/frame_pool.h"

namespace ripstop::runtime {

template <typename T>
class Task;

namespace detail {

struct PromiseFrame {
  std::coroutine_handle<> continuation = std::noop_coroutine();

  static void* operator new(size_t size) { return allocate_frame(size); }
  static void operator delete(void* frame, size_t size) { free_frame(frame, size); }

  std::suspend_always initial_suspend() noexcept { return {}; }

  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> done) noexcept {
      return done.promise().continuation;
    }
    void await_resume() noexcept {}
  };
  FinalAwaiter final_suspend() noexcept { return {}; }
  [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
};

template <typename T>
struct Promise : PromiseFrame {
  std::optional<T> value;
  Task<T> get_return_object() noexcept;
  template <typename From>
  void return_value(From&& from) {
    value.emplace(std::forward<From>(from));
  }
  T take() { return std::move(*value); }
};

template <>
struct Promise<void> : PromiseFrame {
  Task<void> get_return_object() noexcept;
  void return_void() noexcept {}
  void take() noexcept {}
};

}  // namespace detail

template <typename T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;
  using value_type = T;
  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;
  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      reset();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() { reset(); }

  // Cancels: destroys the frame. Does nothing for an empty task.
  void reset() {
    if (handle_) std::exchange(handle_, nullptr).destroy();
  }
  [[nodiscard]] bool is_valid() const { return static_cast<bool>(handle_); }
  [[nodiscard]] bool is_done() const { return handle_.done(); }
  [[nodiscard]] Handle handle() const { return handle_; }
  // The result of a task that is done.
  T take() { return handle_.promise().take(); }

  struct Awaiter {
    Handle task;
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
      task.promise().continuation = awaiting;
      return task;
    }
    T await_resume() { return task.promise().take(); }
  };
  // The Task stays the owner while it is awaited.
  Awaiter operator co_await() const noexcept { return Awaiter{handle_}; }

 private:
  Handle handle_ = nullptr;
};

namespace detail {

template <typename T>
Task<T> Promise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

}  // namespace detail
}  // namespace ripstop::runtime
