// Least request. With equal weights: of `least_request_choices` hosts drawn at random (with repetition) the one with
// the fewest requests under way, O(choices). With different weights: an earliest-deadline schedule in which a turn
// costs (requests under way + 1) / weight, Envoy's formula with an active-request bias of 1, O(log n).
//
// Counts this worker's requests only, as all state of a host is the worker's own.
#pragma once

#include <memory>

#include "policy/balance/balancer.h"

namespace ripstop::policy {

[[nodiscard]] std::unique_ptr<Balancer> make_least_request(const BalancerSettings& settings);

}  // namespace ripstop::policy
