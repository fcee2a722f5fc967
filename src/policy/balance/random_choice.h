// A host at random, in proportion to its weight: O(1) with equal weights, else O(log n) over cumulative weights.
#pragma once

#include <memory>

#include "policy/balance/balancer.h"

namespace ripstop::policy {

[[nodiscard]] std::unique_ptr<Balancer> make_random_choice(const BalancerSettings& settings);

}  // namespace ripstop::policy
