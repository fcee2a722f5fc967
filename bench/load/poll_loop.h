// epoll and nothing else: level-triggered, one system call per turn, waits to the nanosecond. The proxies' own reactor
// is not used, so that the load is the same whatever becomes of it.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "runtime/file_descriptor.h"

namespace ripstop::load {

// CLOCK_MONOTONIC in nanoseconds.
[[nodiscard]] int64_t now_ns();

class PollHandler {
 public:
  PollHandler() = default;
  PollHandler(const PollHandler&) = delete;
  PollHandler& operator=(const PollHandler&) = delete;
  virtual ~PollHandler() = default;
  // `events` as epoll gives them: EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR.
  virtual void on_events(uint32_t events) = 0;
};

class PollLoop {
 public:
  PollLoop();

  // The handler must live until the descriptor is closed, and to the end of the turn in which it is: retire() does it.
  void add(int fd, uint32_t events, PollHandler& handler);
  void change(int fd, uint32_t events, PollHandler& handler);
  // Waits at most `longest` nanoseconds (below zero: for ever), then calls the handlers.
  void turn(int64_t longest);
  // Destroys `handler` when no event of this turn can reach it any more.
  void retire(std::unique_ptr<PollHandler> handler) { retired_.push_back(std::move(handler)); }

 private:
  runtime::FileDescriptor epoll_;
  std::vector<epoll_event> events_;
  std::vector<std::unique_ptr<PollHandler>> retired_;
};

}  // namespace ripstop::load
