// From destinations that people name (hosts, subsets) to clusters, for HTTP and for TCP rules alike.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/mesh_route.h"
#include "model/route.h"

namespace ripstop::translate {

// Where a client's call to `called_port` may lead.
struct CalledPort {
  uint16_t number = 0;
  const std::map<std::string, uint16_t>& only_ports;  // services that have a single port
};

[[nodiscard]] std::string cluster_of(const model::Destination& destination, const CalledPort& called);

// Destinations without weight are left out, unless none has any; a single one needs none.
[[nodiscard]] std::vector<model::WeightedCluster> weighted_clusters(
    const std::vector<model::WeightedDestination>& destinations, const CalledPort& called);

[[nodiscard]] model::RouteAction route_action(const model::HttpRule& rule, const CalledPort& called);

// True for a match that takes every request: any path, and nothing else asked.
[[nodiscard]] bool takes_everything(const model::RouteMatch& match);

}  // namespace ripstop::translate
