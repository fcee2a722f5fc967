// Weights of a list of hosts, as the balancers look at them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "policy/balance/host.h"

namespace ripstop::policy {

[[nodiscard]] inline bool have_equal_weights(std::span<Host* const> hosts) {
  return std::ranges::all_of(hosts, [&](const Host* host) { return host->weight() == hosts.front()->weight(); });
}

[[nodiscard]] inline std::vector<uint32_t> weights_of(std::span<Host* const> hosts) {
  std::vector<uint32_t> weights;
  weights.reserve(hosts.size());
  for (const Host* host : hosts) weights.push_back(host->weight());
  return weights;
}

}  // namespace ripstop::policy
