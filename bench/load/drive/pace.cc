#include "load/drive/pace.h"

#include <algorithm>
#include <cmath>

namespace ripstop::load {

Pace Pace::open(double requests_per_second, int64_t start) {
  Pace pace(Mode::kOpen, 0);
  pace.interval_ = 1e9 / requests_per_second;
  pace.start_ = start;
  return pace;
}

int64_t Pace::time_of(uint64_t number) const {
  return start_ + static_cast<int64_t>(std::llround(static_cast<double>(number) * interval_));
}

void Pace::release(Slot& slot, int64_t now) {
  if (mode_ == Mode::kClosed) {
    if (!is_stopped_) slot.begin(now);
  } else if (mode_ == Mode::kOpen) {
    idle_.push_back(&slot);
  } else {
    --in_flight_;
    ++finished_;
  }
}

void Pace::retry(Slot& slot) {
  if (mode_ == Mode::kOnce) --in_flight_;
  idle_.push_back(&slot);
}

std::optional<int64_t> Pace::dispatch(int64_t now) {
  // A slot that fails at once comes back to the list; it has to wait for the next call.
  for (size_t left = idle_.size(); left > 0 && !is_stopped_; --left) {
    if (mode_ == Mode::kOpen && time_of(next_) > now) return time_of(next_) - now;
    if (mode_ == Mode::kOnce && in_flight_ >= amount_) return std::nullopt;
    Slot* slot = idle_.front();
    idle_.pop_front();
    if (mode_ == Mode::kOnce) ++in_flight_;
    slot->begin(mode_ == Mode::kOpen ? time_of(next_++) : now);
  }
  if (is_stopped_ || idle_.empty()) return std::nullopt;
  return mode_ == Mode::kOpen ? std::max<int64_t>(0, time_of(next_) - now) : 0;
}

uint64_t Pace::due_between(int64_t begin, int64_t end) const {
  if (mode_ != Mode::kOpen) return 0;
  const auto first_from = [this](int64_t time) {
    auto number = static_cast<uint64_t>(std::max(0.0, static_cast<double>(time - start_) / interval_));
    while (number > 0 && time_of(number - 1) >= time) --number;
    while (time_of(number) < time) ++number;
    return number;
  };
  return first_from(end) - first_from(begin);
}

}  // namespace ripstop::load
