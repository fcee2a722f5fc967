// spec.trafficPolicy of a DestinationRule, of its subsets and of single ports.
#pragma once

#include <cstdint>
#include <map>

#include "dialect/istio/context.h"
#include "model/mesh_policy.h"

namespace ripstop::dialect::istio {

struct Policies {
  model::TrafficPolicy all;
  std::map<uint16_t, model::TrafficPolicy> by_port;
};

// The block under `trafficPolicy` of `parent`; empty when there is none.
[[nodiscard]] Policies read_traffic_policy(const Context& context, Fields& parent);

}  // namespace ripstop::dialect::istio
