// How much this program takes from operator new: what a test promises about a hot path's allocations, it counts. One
// file of the test program includes counting_new.h, which does the counting. Included by tests only.
#pragma once

#include <cstdint>

namespace ripstop {

// ThreadSanitizer's run-time has an operator new of its own, which cannot be replaced: nothing is counted then.
inline constexpr bool kCountsAllocations = !__has_feature(thread_sanitizer);

// By this thread, since it began.
[[nodiscard]] uint64_t allocations_so_far();

}  // namespace ripstop
