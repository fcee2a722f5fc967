// nghttp2's memory from the thread's frame pool: what it allocates for every stream and frame costs no malloc.
#pragma once

#include <nghttp2/nghttp2.h>

namespace ripstop::net {

// For sessions that stay on one thread. Not to be changed; lives for ever.
[[nodiscard]] nghttp2_mem* http2_memory();

}  // namespace ripstop::net
