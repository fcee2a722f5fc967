// Round robin: in order from a random start when all weights are equal, O(1); else by an earliest-deadline schedule,
// O(log n), which spreads a heavy host's turns evenly.
#pragma once

#include <memory>

#include "policy/balance/balancer.h"

namespace ripstop::policy {

[[nodiscard]] std::unique_ptr<Balancer> make_round_robin(const BalancerSettings& settings);

}  // namespace ripstop::policy
