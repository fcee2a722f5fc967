// When requests begin. Closed loop: as soon as a slot is free. Open loop: on a time table, and a request that finds no
// free slot waits for one while its time runs, so that a slow answer is not hidden by the requests it held up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace ripstop::load {

// What carries one request at a time: a connection, or a stream of one.
class Slot {
 public:
  Slot() = default;
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;
  virtual ~Slot() = default;
  // Sends a request that was meant to be sent at `intended`. Exactly one release() or retry() of the slot follows.
  virtual void begin(int64_t intended) = 0;
};

class Pace {
 public:
  static Pace closed() { return Pace(Mode::kClosed, 0); }
  static Pace open(double requests_per_second, int64_t start);
  // Every slot once, at most `side_by_side` at the same time.
  static Pace once(size_t side_by_side) { return Pace(Mode::kOnce, static_cast<int64_t>(side_by_side)); }

  // The slot is new: it takes its first request at the next dispatch().
  void join(Slot& slot) { idle_.push_back(&slot); }
  // The slot's request was answered. In a closed loop the next one begins within this call.
  void release(Slot& slot, int64_t now);
  // The slot's request failed; it takes another one later.
  void retry(Slot& slot);
  // Begins what is due and returns the nanoseconds until there is more to do; nullopt: nothing before an answer.
  std::optional<int64_t> dispatch(int64_t now);
  // No request begins after this.
  void stop() { is_stopped_ = true; }

  // Requests of an open loop whose time lies in [begin, end).
  [[nodiscard]] uint64_t due_between(int64_t begin, int64_t end) const;
  [[nodiscard]] size_t finished_once() const { return finished_; }

 private:
  enum class Mode : uint8_t { kClosed, kOpen, kOnce };
  Pace(Mode mode, int64_t amount) : mode_(mode), amount_(amount) {}

  [[nodiscard]] int64_t time_of(uint64_t number) const;

  Mode mode_;
  int64_t amount_;       // kOnce: side by side
  double interval_ = 0;  // kOpen: nanoseconds
  int64_t start_ = 0;
  uint64_t next_ = 0;      // kOpen: number of the next request
  int64_t in_flight_ = 0;  // kOnce
  size_t finished_ = 0;    // kOnce
  bool is_stopped_ = false;
  std::deque<Slot*> idle_;
};

}  // namespace ripstop::load
