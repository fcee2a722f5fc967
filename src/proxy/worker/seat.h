// A connection among those of its worker. Its Place lasts as long as the connection; its Seat only while somebody
// serves it, and holds what that somebody waits on.
#pragma once

#include "proxy/connection_facts.h"
#include "proxy/worker/worker.h"
#include "runtime/event.h"

namespace ripstop::proxy {

// In the list that Worker::drain() goes through.
class Worker::Place {
 public:
  Place(Worker& worker, model::Direction direction);
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  virtual ~Place();

  // From now on the connection retires once the listener of its facts, as it is in force, no longer has the filter
  // chain of its facts. That may be so already.
  void follow();
  [[nodiscard]] Worker& worker() const { return worker_; }
  [[nodiscard]] ConnectionFacts& facts() { return facts_; }
  // The connection shall end as soon as nothing is under way.
  [[nodiscard]] bool is_leaving() const { return is_draining_ || is_cut_; }

 protected:
  // The connection, which nobody serves, shall end at once. May destroy it.
  virtual void leave() {}
  // Who has the least gives way first when there is no room for a new one.
  [[nodiscard]] virtual uint64_t claim() const { return 0; }

 private:
  friend class Worker;
  friend class Seat;
  void tell_drain();
  void tell_retire();
  void tell_cut();

  Worker& worker_;
  ConnectionFacts facts_;
  TimePoint cut_at_ = kNever;
  Place* previous_ = nullptr;
  Place* next_ = nullptr;
  Seat* seat_ = nullptr;
  const model::Direction direction_;
  bool follows_ = false;
  bool is_draining_ = false;
  bool is_retired_ = false;
  bool is_cut_ = false;
};

// At most one for a place at a time. What the place was told before holds.
class Worker::Seat {
 public:
  // Told now and then, so that a long connection is seen before its end.
  class Observer {
   public:
    virtual void on_tick() = 0;

   protected:
    ~Observer() = default;
  };

  explicit Seat(Place& place);
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;
  ~Seat() { place_.seat_ = nullptr; }

  // At most one; null for none.
  void observe(Observer* observer) { observer_ = observer; }
  // Set when the worker drains: the connection shall end after its current request, and at once without one.
  [[nodiscard]] runtime::Event& drain() { return drain_; }
  // Set when its listener was replaced or removed: the connection shall end with its next answer, but need not hurry. A
  // client that was just about to send must not be cut off, for it could not know.
  [[nodiscard]] runtime::Event& retire() { return retire_; }
  // Every answer from now on is the connection's last.
  [[nodiscard]] bool is_ending() const { return drain_.is_set() || retire_.is_set(); }
  // Set when the drain time of a listener that was replaced or removed is over: the connection ends as it is.
  [[nodiscard]] runtime::Event& cut() { return cut_; }

 private:
  friend class Worker;
  friend class Place;
  Place& place_;
  Observer* observer_ = nullptr;
  runtime::Event drain_;
  runtime::Event retire_;
  runtime::Event cut_;
};

}  // namespace ripstop::proxy
