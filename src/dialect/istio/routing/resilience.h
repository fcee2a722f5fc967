// What a rule of a VirtualService does beside choosing a destination: retries, faults, mirrors.
#pragma once

#include <optional>
#include <vector>

#include "dialect/istio/context.h"
#include "model/mesh_route.h"

namespace ripstop::dialect::istio {

// Istio's default where the rule says nothing.
[[nodiscard]] model::RetryPolicy read_retries(const Context& context, Fields& rule);
[[nodiscard]] std::optional<model::Fault> read_fault(const Context& context, Fields& rule);
[[nodiscard]] std::vector<model::MirrorDestination> read_mirrors(const Context& context, Fields& rule);

}  // namespace ripstop::dialect::istio
