// Counts what this test program takes from operator new. Included by tests only.
#pragma once

#include <cstdint>

namespace ripstop::proxy::testing {

// Of this thread, since it began.
[[nodiscard]] uint64_t allocations();
[[nodiscard]] uint64_t allocated_bytes();

}  // namespace ripstop::proxy::testing
