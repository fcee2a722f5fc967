// Waiting for the first of several events from one coroutine, without a task for each.
#pragma once

#include <array>
#include <cassert>
#include <coroutine>
#include <initializer_list>
#include <optional>

#include "base/time.h"
#include "runtime/event.h"

namespace ripstop::runtime {

// co_await any_of({&a, &b}, deadline): true as soon as one of at most four events is set (which of them, ask them),
// false when the deadline passed first. Like Event::wait, it is the one waiter of each of them meanwhile.
class [[nodiscard]] any_of {  // NOLINT(readability-identifier-naming): reads as a verb
 public:
  any_of(std::initializer_list<Event*> events, TimePoint deadline) : deadline_(deadline) {
    assert(events.size() <= events_.size());
    for (Event* event : events) events_[count_++] = event;
  }

  bool await_ready() const noexcept {
    for (size_t i = 0; i < count_; ++i) {
      if (events_[i]->is_set()) return true;
    }
    return false;
  }
  void await_suspend(std::coroutine_handle<> waiting) {
    for (size_t i = 0; i < count_; ++i) {
      waits_[i].emplace(*events_[i], i == 0 ? deadline_ : kNever);
      waits_[i]->await_suspend(waiting);
    }
  }
  bool await_resume() {
    const bool in_time = !waits_[0] || waits_[0]->await_resume();
    for (auto& wait : waits_) wait.reset();
    return in_time;
  }

 private:
  std::array<Event*, 4> events_{};
  std::array<std::optional<Event::Awaiter>, 4> waits_;
  size_t count_ = 0;
  TimePoint deadline_;
};

}  // namespace ripstop::runtime
