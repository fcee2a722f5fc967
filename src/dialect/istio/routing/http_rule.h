// One entry of spec.http of a VirtualService.
#pragma once

#include <optional>

#include "dialect/istio/context.h"
#include "model/mesh_route.h"

namespace ripstop::dialect::istio {

// nullopt when the rule cannot take any request yet, which has been reported.
[[nodiscard]] std::optional<model::HttpRule> read_http_rule(const Context& context, Fields& rule);

}  // namespace ripstop::dialect::istio
