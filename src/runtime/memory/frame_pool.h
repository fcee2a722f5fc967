// Memory for coroutine frames: free lists by size, one set per thread, so that a frame on the steady path costs no
// malloc. A frame is freed on the thread that made it, which holds because a connection never changes thread.
#pragma once

#include <cstddef>

namespace ripstop::runtime {

// Never returns null; frames over 4 KiB come straight from operator new.
void* allocate_frame(size_t size);
void free_frame(void* frame, size_t size) noexcept;

// Frames of this thread that had to be taken from operator new since it began: the tests' measure of reuse.
[[nodiscard]] size_t fresh_frames();

}  // namespace ripstop::runtime
