// Shares of traffic: which of several destinations the next request goes to, by their weights, evenly and without
// chance.
//
// Each worker walks round the weights in strides near the golden section of their sum, so that any run of requests is
// shared about as the weights say, and every `sum` requests (after division by the greatest common divisor) exactly so.
// Random draws would be off by one point in a hundred after ten thousand requests; this is off by one request or two
// per worker.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "model/route.h"

namespace ripstop::policy {

// Immutable; shared by all workers.
class Split {
 public:
  // One destination, the first.
  Split() = default;
  // kInvalidArgument when no weight is above zero, or when they add up to more than 32 bits.
  static Result<Split> compile(std::span<const model::WeightedCluster> clusters);

  [[nodiscard]] bool has_choice() const { return mark_ != nullptr; }

 private:
  friend class SplitCursors;
  // The destination of a place from 0 to the sum of the weights.
  [[nodiscard]] size_t at(uint64_t place) const;

  std::vector<uint64_t> ends_;  // where each destination's places end: running sums of the weights
  uint64_t stride_ = 0;
  size_t only_ = 0;                   // without a choice
  std::shared_ptr<const char> mark_;  // tells splits apart, those that are gone included; null without a choice
};

// Where one worker stands in each split. Allocates on the first request of a split only. One thread.
class SplitCursors {
 public:
  // Begins each split at a random place, so that workers and restarts do not all favour the same destination. The
  // generator must outlive this.
  explicit SplitCursors(Random& random) : random_(random) {}

  // The destination of the next request, as an index.
  [[nodiscard]] size_t next(const Split& split);
  // Drops what belongs to splits that no longer exist.
  void forget_gone();
  [[nodiscard]] size_t size() const { return cursors_.size(); }

 private:
  struct Cursor {
    std::weak_ptr<const char> mark;  // keeps its address from being used again
    uint64_t place = 0;
  };
  Random& random_;
  std::unordered_map<const char*, Cursor> cursors_;
};

}  // namespace ripstop::policy
