// The end of another process's log, for an error message.
#pragma once

#include <cstddef>
#include <string>

namespace ripstop::cli {

// The last lines, each on a line of its own after a line end and indented; "" when there are none.
[[nodiscard]] std::string last_lines(const std::string& path, size_t count);

}  // namespace ripstop::cli
