// The end of a turn of the loop: when everything that the turn found ready has been served.
#pragma once

#include <coroutine>
#include <cstdint>

namespace ripstop::runtime {

// What is written at the end of a turn goes to all of one side first and then to all of the other: each side's
// processes are then woken once and kept busy, and not once for each of its connections.
enum class Towards : uint8_t { kUpstream, kClient };

// Those who wait for the end of the present turn, in the order in which they came. Part of a reactor, same thread.
class TurnQueue {
 public:
  // One place in the queue, left when it is destroyed.
  class Place {
   public:
    Place() = default;
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { leave(); }

   private:
    friend class TurnQueue;
    void leave() {
      next_->previous_ = previous_;
      previous_->next_ = next_;
      next_ = previous_ = this;
    }
    Place* next_ = this;
    Place* previous_ = this;
    std::coroutine_handle<> waiting_;
  };

  void enter(Place& place, std::coroutine_handle<> waiting) {
    place.waiting_ = waiting;
    place.next_ = &ends_;
    place.previous_ = ends_.previous_;
    ends_.previous_->next_ = &place;
    ends_.previous_ = &place;
  }
  // Resumes all, who may destroy each other and come again.
  void resume_all() {
    while (ends_.next_ != &ends_) {
      Place& first = *ends_.next_;
      first.leave();
      first.waiting_.resume();
    }
  }

 private:
  Place ends_;
};

}  // namespace ripstop::runtime
