// The weighted destinations and header edits of http, tcp and tls routes.
#pragma once

#include <string>
#include <vector>

#include "dialect/istio/context.h"
#include "model/mesh_route.h"

namespace ripstop::dialect::istio {

struct HeaderOperations {
  model::HeaderEdits request;
  model::HeaderEdits response;
  std::string host;  // written as the request header "host" or ":authority"; empty: keep
};

// The `headers` block of a rule or of a destination.
[[nodiscard]] HeaderOperations read_header_operations(const Context& context, Fields& parent);

enum class RouteLayer : uint8_t { kHttp, kL4 };

// The `route` list. A single destination takes everything whatever its weight; among several, those with weight 0 get
// nothing and are left out.
[[nodiscard]] std::vector<model::WeightedDestination> read_destinations(const Context& context, Fields& rule,
                                                                        RouteLayer layer);

}  // namespace ripstop::dialect::istio
