// Reactor: the event loop of one thread. Everything that belongs to it is touched by that thread alone; only post() and
// stop() may be called from others.
#pragma once

#include <array>
#include <atomic>
#include <coroutine>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/time.h"
#include "runtime/file_descriptor.h"
#include "runtime/poller.h"
#include "runtime/timer.h"
#include "runtime/turn_end.h"

namespace ripstop::runtime {

class Reactor {
 public:
  // Becomes the calling thread's current reactor until it is destroyed. One per thread.
  explicit Reactor(std::unique_ptr<Poller> poller = make_epoll_poller());
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;
  ~Reactor();

  // The calling thread's reactor. There must be one.
  static Reactor& current();
  [[nodiscard]] static bool has_current();

  // Loops until stop().
  void run();
  // One turn: posted work, ready coroutines, timers, descriptors. Waits at most `longest`.
  void run_once(Duration longest);
  // Thread-safe. The loop ends after the turn in which it is seen.
  void stop();

  // Runs `work` on this reactor's thread in a later turn. Thread-safe; wakes the loop.
  void post(std::move_only_function<void()> work);
  // Resumes `coroutine` later in this turn or in the next; this thread only. The caller sees to it that the coroutine
  // still exists then (use yield() in coroutines, which does).
  void defer(std::move_only_function<void()> work);

  // Time at which this turn's waiting ended and its work began.
  [[nodiscard]] TimePoint now() const { return now_; }
  // Reads the clock again, after something that took long.
  void refresh_now() { now_ = Clock::now(); }
  [[nodiscard]] TimerWheel& timers() { return timers_; }
  // Several descriptors were found ready in this turn, and not all of them have been served.
  [[nodiscard]] bool is_amid_batch() const { return is_amid_batch_; }
  // Only while is_amid_batch(); see turn_end in runtime/wait.h.
  [[nodiscard]] TurnQueue& turn_end(Towards whom) { return turn_end_[static_cast<size_t>(whom)]; }
  [[nodiscard]] Poller& poller() { return *poller_; }

 private:
  void run_posted();

  std::unique_ptr<Poller> poller_;
  TimePoint now_;
  TimerWheel timers_;
  FileDescriptor wake_fd_;
  IoSource wake_source_;
  std::array<TurnQueue, 2> turn_end_;  // one for each that something may go towards
  bool is_amid_batch_ = false;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> has_posted_{false};
  std::mutex posted_mutex_;
  std::vector<std::move_only_function<void()>> posted_;
  std::vector<std::move_only_function<void()>> deferred_;
  std::vector<std::move_only_function<void()>> running_;  // deferred until now; keeps its room
};

}  // namespace ripstop::runtime
