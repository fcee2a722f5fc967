// Counters and histograms with one writer thread and any number of readers.
//
// Each worker owns its own instances, so a write is a plain load, add and store without a locked instruction; a scrape
// sums over the workers with relaxed reads.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace ripstop {

class Counter {
 public:
  // Only from the owning thread.
  void add(uint64_t amount = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  [[nodiscard]] uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// May go down as well; same threading.
class Gauge {
 public:
  void add(int64_t amount) { value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed); }
  [[nodiscard]] int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

// Upper bounds of the buckets of every Istio histogram, in the metric's own unit (milliseconds or bytes); a last
// bucket without a bound follows. Source: Envoy's default histogram buckets.
inline constexpr std::array<double, 19> kHistogramBounds = {
    0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 600000, 1800000, 3600000};

class Histogram {
 public:
  // Only from the owning thread.
  void record(double value) {
    size_t index = 0;
    while (index < kHistogramBounds.size() && value > kHistogramBounds[index]) ++index;
    buckets_[index].add();
    sum_.store(sum_.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
  }
  // Count of values in bucket `index` alone, not cumulative; index kHistogramBounds.size() is the unbounded one.
  [[nodiscard]] uint64_t bucket(size_t index) const { return buckets_[index].value(); }
  [[nodiscard]] double sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  std::array<Counter, kHistogramBounds.size() + 1> buckets_;
  std::atomic<double> sum_{0};
};

}  // namespace ripstop
