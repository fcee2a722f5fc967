#include "policy/balance/schedule.h"

#include <algorithm>

namespace ripstop::policy {
namespace {

// The period of weight 1: long enough that the largest weight still has a period of thousands of steps, and with the
// bound on the cost of a turn short enough that no two deadlines are 2^63 apart.
constexpr uint64_t kPeriod = uint64_t{1} << 44;
constexpr uint32_t kMaxCost = uint32_t{1} << 18;

}  // namespace

// Deadlines wrap around after 2^64: only their difference counts.
bool Schedule::is_before(const Item& left, const Item& right) {
  if (left.deadline != right.deadline) return static_cast<int64_t>(left.deadline - right.deadline) < 0;
  return left.entry < right.entry;
}

void Schedule::assign(std::span<const uint32_t> weights, Random& random) {
  heap_.clear();
  heap_.reserve(weights.size());
  for (uint32_t entry = 0; entry < weights.size(); ++entry) {
    heap_.push_back({random.below(kPeriod / weights[entry]), entry});
  }
  for (size_t at = heap_.size() / 2; at-- > 0;) sift_down(at);
}

void Schedule::advance(uint32_t weight, uint32_t cost) {
  heap_.front().deadline += kPeriod * std::min(cost, kMaxCost) / weight;
  sift_down(0);
}

void Schedule::sift_down(size_t at) {
  const Item item = heap_[at];
  for (;;) {
    size_t child = 2 * at + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && is_before(heap_[child + 1], heap_[child])) ++child;
    if (!is_before(heap_[child], item)) break;
    heap_[at] = heap_[child];
    at = child;
  }
  heap_[at] = item;
}

}  // namespace ripstop::policy
