// Runs a fuzz target in a room's test program: over every input that is kept under test/fuzz/TARGET, over what is left
// of it when it is cut off, and over it with single bits turned. A target that finds something wrong aborts.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ripstop {

// As libFuzzer calls it; libFuzzer itself is not linked.
using FuzzTarget = int (*)(const uint8_t* data, size_t size);

// Reads from the source tree, which is the working directory. Adds a failure where the target refuses an input.
void replay(const char* name, FuzzTarget target);

}  // namespace ripstop
