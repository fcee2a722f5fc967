#include "load/drive/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace ripstop::load {

// The leading kSubBits + 1 bits of a value choose the bucket, so that a bucket is as wide as 1/128 of its values.
size_t Histogram::bucket_of(uint64_t duration) {
  const auto width = static_cast<size_t>(std::bit_width(duration));
  const size_t dropped = width > kSubBits + 1 ? width - (kSubBits + 1) : 0;
  return dropped * kSubBuckets + static_cast<size_t>(duration >> dropped);
}

int64_t Histogram::end_of(size_t bucket) {
  const size_t dropped = bucket < 2 * kSubBuckets ? 0 : bucket / kSubBuckets - 1;
  const uint64_t leading = bucket - dropped * kSubBuckets;
  return static_cast<int64_t>(((leading + 1) << dropped) - 1);
}

void Histogram::record(int64_t duration) {
  duration = std::max<int64_t>(duration, 0);
  ++buckets_[bucket_of(static_cast<uint64_t>(duration))];
  ++count_;
  longest_ = std::max(longest_, duration);
}

void Histogram::clear() {
  *this = Histogram();
}

int64_t Histogram::percentile(double fraction) const {
  if (count_ == 0) return 0;
  const double wanted = std::ceil(std::clamp(fraction, 0.0, 1.0) * static_cast<double>(count_));
  const auto rank = std::max<uint64_t>(1, static_cast<uint64_t>(wanted));
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket];
    if (seen >= rank) return std::min(end_of(bucket), longest_);
  }
  return longest_;
}

}  // namespace ripstop::load
