// A network namespace that holds nothing but a loopback device to which every address leads.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace ripstop::cli {

struct LoopbackState {
  bool has_ipv6 = false;         // false where the kernel has none
  uint16_t first_free_port = 0;  // the lowest port that can be bound without privileges; 0: all
};

// Brings `lo` up, gives it one address of each family that is not a loopback one (resolvers leave out the families
// without one, RFC 3493 AI_ADDRCONFIG), and routes every IPv4 and IPv6 address to it. Needs CAP_NET_ADMIN in the
// current network namespace.
[[nodiscard]] Result<LoopbackState> set_up_loopback();

}  // namespace ripstop::cli
