// Small files, whole. Blocking: for start-up, secrets and state, not for the data path.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ripstop::runtime {

// Reads a whole small file, at most `limit` bytes.
[[nodiscard]] Result<std::string> read_file(const std::string& path, size_t limit = 16U << 20);
// Writes a file so that a reader sees the old or the new content, never a part (write, fsync, rename), with `mode`.
[[nodiscard]] Status write_file(const std::string& path, std::string_view content, unsigned mode = 0644);

}  // namespace ripstop::runtime
