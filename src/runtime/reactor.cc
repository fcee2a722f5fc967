#include "runtime/reactor.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <utility>

namespace ripstop::runtime {
namespace {

thread_local Reactor* current_reactor = nullptr;

void wake(const FileDescriptor& loop) {
  const uint64_t one = 1;
  static_cast<void>(!write(loop.get(), &one, sizeof one));
}

}  // namespace

Reactor::Reactor(std::unique_ptr<Poller> poller)
    : poller_(std::move(poller)), now_(Clock::now()), timers_(now_), wake_fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  assert(current_reactor == nullptr && "one reactor per thread");
  current_reactor = this;
  const Status added = poller_->add(wake_fd_.get(), wake_source_);
  assert(added.has_value());
  static_cast<void>(added);
}

Reactor::~Reactor() {
  const std::lock_guard last(posted_mutex_);  // whoever stopped it has let go
  poller_->remove(wake_fd_.get(), wake_source_);
  current_reactor = nullptr;
}

Reactor& Reactor::current() {
  assert(current_reactor != nullptr && "this thread has no reactor");
  return *current_reactor;
}

bool Reactor::has_current() {
  return current_reactor != nullptr;
}

void Reactor::run() {
  while (!stopping_.load(std::memory_order_relaxed)) run_once(Duration::max());
  stopping_.store(false, std::memory_order_relaxed);
}

void Reactor::run_once(Duration longest) {
  run_posted();
  const TimePoint next = timers_.next();
  Duration timeout = next == kNever ? longest : std::min(longest, std::max(Duration::zero(), next - Clock::now()));
  const bool must_not_wait =
      !deferred_.empty() || stopping_.load(std::memory_order_relaxed) || has_posted_.load(std::memory_order_acquire);
  if (must_not_wait) timeout = Duration::zero();
  if (timeout == Duration::max()) timeout = Duration(-1);
  const size_t ready = poller_->wait(timeout);
  // Before what is ready runs: a deadline reckoned from before the wait could have passed already.
  now_ = Clock::now();
  is_amid_batch_ = ready > 1;
  poller_->dispatch();
  is_amid_batch_ = false;
  for (TurnQueue& part : turn_end_) part.resume_all();
  timers_.advance(now_);
}

// Locked to the end: the loop may see the flag at once, end, and destroy the reactor, which waits for the lock.
void Reactor::stop() {
  const std::lock_guard lock(posted_mutex_);
  stopping_.store(true, std::memory_order_relaxed);
  wake(wake_fd_);
}

void Reactor::post(std::move_only_function<void()> work) {
  const std::lock_guard lock(posted_mutex_);
  posted_.push_back(std::move(work));
  if (!has_posted_.exchange(true, std::memory_order_release)) wake(wake_fd_);
}

void Reactor::defer(std::move_only_function<void()> work) {
  deferred_.push_back(std::move(work));
}

void Reactor::run_posted() {
  if (!deferred_.empty()) {
    running_.swap(deferred_);
    for (auto& work : running_) work();
    running_.clear();
  }
  if (!has_posted_.load(std::memory_order_acquire)) return;
  uint64_t count = 0;
  static_cast<void>(!read(wake_fd_.get(), &count, sizeof count));
  std::vector<std::move_only_function<void()>> batch;
  {
    const std::lock_guard lock(posted_mutex_);
    batch.swap(posted_);
    has_posted_.store(false, std::memory_order_release);
  }
  for (auto& work : batch) work();
}

}  // namespace ripstop::runtime
