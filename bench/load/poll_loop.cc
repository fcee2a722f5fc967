#include "load/poll_loop.h"

#include <sys/prctl.h>

#include <ctime>

namespace ripstop::load {
namespace {

constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr size_t kEventsPerTurn = 512;

}  // namespace

int64_t now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return int64_t{time.tv_sec} * kNanosecondsPerSecond + time.tv_nsec;
}

PollLoop::PollLoop() : epoll_(epoll_create1(EPOLL_CLOEXEC)), events_(kEventsPerTurn) {
  // The kernel rounds waits up by 50 µs otherwise, which would be the largest part of an open loop's latencies.
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
}

void PollLoop::add(int fd, uint32_t events, PollHandler& handler) {
  epoll_event event{.events = events, .data = {.ptr = &handler}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
}

void PollLoop::change(int fd, uint32_t events, PollHandler& handler) {
  epoll_event event{.events = events, .data = {.ptr = &handler}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void PollLoop::turn(int64_t longest) {
  const timespec wait{.tv_sec = longest / kNanosecondsPerSecond, .tv_nsec = longest % kNanosecondsPerSecond};
  const int count = epoll_pwait2(epoll_.get(), events_.data(), static_cast<int>(events_.size()),
                                 longest < 0 ? nullptr : &wait, nullptr);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events_[static_cast<size_t>(i)];
    static_cast<PollHandler*>(event.data.ptr)->on_events(event.events);
  }
  retired_.clear();
}

}  // namespace ripstop::load
