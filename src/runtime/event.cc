#include "runtime/event.h"

#include <cassert>
#include <utility>

#include "runtime/reactor.h"

namespace ripstop::runtime {

void Event::set() {
  is_set_ = true;
  if (waiter_ == nullptr) return;
  Awaiter& waiter = *std::exchange(waiter_, nullptr);
  waiter.is_waiting_ = false;
  waiter.disarm();
  waiter.waiting_.resume();
}

void Event::Awaiter::await_suspend(std::coroutine_handle<> waiting) {
  assert(event_.waiter_ == nullptr && "an event has one waiter");
  event_.waiter_ = this;
  is_waiting_ = true;
  waiting_ = waiting;
  if (deadline_ != kNever) arm(Reactor::current().timers(), deadline_);
}

void Event::Awaiter::on_timer() {
  event_.waiter_ = nullptr;
  is_waiting_ = false;
  timed_out_ = true;
  waiting_.resume();
}

}  // namespace ripstop::runtime
