// Scope: owner of tasks that nobody awaits. Destroying or cancelling it destroys every task that is still suspended, so
// no task outlives what it refers to.
#pragma once

#include <cstddef>

#include "runtime/event.h"
#include "runtime/task.h"

namespace ripstop::runtime {

class Scope {
 public:
  Scope() = default;
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope() { cancel(); }

  // Runs `task` at once, up to its first wait; it leaves the scope by itself when it is done.
  void spawn(Task<void> task);
  // Destroys what is left. Not to be called from inside one of the scope's own tasks: post it to the reactor instead.
  void cancel();
  [[nodiscard]] size_t size() const { return size_; }
  // Set while no task is left. The last task's frame is gone by the time its waiter is resumed, so the waiter may
  // destroy the scope.
  [[nodiscard]] Event& emptied() { return empty_; }
  // co_await gives true when no task is left, false when the deadline passed first. Tasks go on either way.
  [[nodiscard]] Event::Awaiter join(TimePoint deadline = kNever) { return empty_.wait(deadline); }

 private:
  struct Node;
  struct Owned;
  static Owned own(Scope& scope, Task<void> task);
  void link(Node& node);
  void unlink(Node& node);

  Node* first_ = nullptr;
  size_t size_ = 0;
  Event empty_{true};
};

}  // namespace ripstop::runtime
