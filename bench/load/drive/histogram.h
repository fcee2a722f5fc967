// Counts of durations in buckets whose width grows with the value: exact below 256 ns, within 1 % above it, up to
// centuries. Recording is a handful of instructions, so that measuring costs nothing next to what is measured.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace ripstop::load {

class Histogram {
 public:
  // Nanoseconds; what is below zero counts as zero.
  void record(int64_t duration);
  void clear();

  [[nodiscard]] uint64_t count() const { return count_; }
  [[nodiscard]] int64_t longest() const { return longest_; }
  // The duration that `fraction` (0 to 1) of all recorded ones do not exceed, rounded up to the end of its bucket; 0
  // when nothing was recorded.
  [[nodiscard]] int64_t percentile(double fraction) const;

 private:
  static constexpr size_t kSubBits = 7;
  static constexpr size_t kSubBuckets = size_t{1} << kSubBits;

  static size_t bucket_of(uint64_t duration);
  static int64_t end_of(size_t bucket);

  std::array<uint64_t, (64 - kSubBits) * kSubBuckets + kSubBuckets> buckets_{};
  uint64_t count_ = 0;
  int64_t longest_ = 0;
};

}  // namespace ripstop::load
