#include "runtime/event.h"

#include <cassert>
#include <utility>

#include "runtime/reactor.h"

namespace ripstop::runtime {

void Event::set() {
  is_set_ = true;
  if (waiter_ == nullptr) return;
  Waiter& waiter = *std::exchange(waiter_, nullptr);
  waiter.event_ = nullptr;
  waiter.on_event();
}

void Event::Waiter::enter(Event& event) {
  assert(event.waiter_ == nullptr && "an event has one waiter");
  event.waiter_ = this;
  event_ = &event;
}

void Event::Waiter::leave() {
  if (event_ != nullptr) std::exchange(event_, nullptr)->waiter_ = nullptr;
}

void Event::Awaiter::await_suspend(std::coroutine_handle<> waiting) {
  waiting_ = waiting;
  enter(event_);
  if (deadline_ != kNever) arm(Reactor::current().timers(), deadline_);
}

void Event::Awaiter::on_event() {
  disarm();
  waiting_.resume();
}

void Event::Awaiter::on_timer() {
  leave();
  timed_out_ = true;
  waiting_.resume();
}

void wait_either::await_suspend(std::coroutine_handle<> waiting) {
  waiting_ = waiting;
  first_.enter(first_.event);
  second_.enter(second_.event);
  if (deadline_ != kNever) arm(Reactor::current().timers(), deadline_);
}

void wait_either::wake(Woken outcome) {
  first_.leave();
  second_.leave();
  disarm();
  outcome_ = outcome;
  waiting_.resume();
}

Woken wait_either::await_resume() const noexcept {
  if (waiting_) return outcome_;
  return first_.event.is_set() ? Woken::kFirst : Woken::kSecond;
}

}  // namespace ripstop::runtime
