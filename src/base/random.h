// A small, fast pseudo-random generator (xoshiro256++, Blackman and Vigna 2019). Not for cryptography.
//
// Passed by reference to whatever needs randomness, so that a test seeds it. Not thread-safe: one per worker.
#pragma once

#include <cstdint>

namespace ripstop {

class Random {
 public:
  explicit Random(uint64_t seed);

  // Uniform over all 64-bit values.
  uint64_t next();
  // Uniform in [0, bound); 0 when bound is 0. Lemire's multiply-shift, bias below 2^-32 for bound < 2^32.
  uint64_t below(uint64_t bound);
  // Uniform in [0, 1).
  double unit();

 private:
  uint64_t state_[4];
};

// Seed from the kernel's entropy pool.
[[nodiscard]] uint64_t random_seed();

}  // namespace ripstop
