// Reading into a string that grows, without holding a buffer while waiting.
#pragma once

#include <string>

#include "net/stream.h"
#include "runtime/task.h"

namespace ripstop::net {

// One attempt: appends what is there, at most 16 KiB.
[[nodiscard]] Transfer try_read_append(Stream& stream, std::string& into);
// Like read_some(): at least one byte, 0 at the orderly end.
runtime::Task<Result<size_t>> read_append(Stream& stream, std::string& into, TimePoint deadline);

}  // namespace ripstop::net
