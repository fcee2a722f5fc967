// The sockets that stand inside a member's network namespace and are served from outside.
#pragma once

#include <vector>

#include "base/result.h"
#include "runtime/file_descriptor.h"

namespace ripstop::cli {

struct InsideSockets {
  std::vector<runtime::FileDescriptor> listening;  // TCP 15001 on 0.0.0.0 and [::]
  std::vector<runtime::FileDescriptor> dns;        // UDP, then TCP listening, 15053 on 127.0.0.1 and [::1]
};

// In the current network namespace.
[[nodiscard]] Result<InsideSockets> open_inside_sockets(bool has_ipv6);

}  // namespace ripstop::cli
