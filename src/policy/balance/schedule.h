// Earliest deadline first: over any stretch of picks each entry comes up in proportion to its weight, evenly spaced.
// O(log n) a pick, O(n) to build, no allocation after that.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"

namespace ripstop::policy {

class Schedule {
 public:
  // Weights from 1 on. Every entry starts at a random point of its own period, so that workers, and one worker after
  // each update, do not all begin with the same entry.
  void assign(std::span<const uint32_t> weights, Random& random);

  [[nodiscard]] bool is_empty() const { return heap_.empty(); }
  // The entry whose turn it is; there must be one.
  [[nodiscard]] uint32_t top() const { return heap_.front().entry; }
  // Sets that entry back by its share: `cost` is 1 for plain weights, more to make this turn count for several.
  void advance(uint32_t weight, uint32_t cost = 1);

 private:
  struct Item {
    uint64_t deadline;
    uint32_t entry;
  };
  [[nodiscard]] static bool is_before(const Item& left, const Item& right);
  void sift_down(size_t at);

  std::vector<Item> heap_;
};

}  // namespace ripstop::policy
