// How many descriptors the process may have, and what that means for connections.
#pragma once

#include <cstddef>

namespace ripstop::proxy {

// As many as the system permits this process; how many that are. Before any thread.
size_t raise_descriptor_limit();

// Clients' connections at once, of all workers: each may need another descriptor towards an upstream, and some are the
// proxy's own.
[[nodiscard]] size_t most_connections(size_t descriptors);

}  // namespace ripstop::proxy
