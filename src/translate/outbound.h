// What one class of clients is sent about its own calls, put together from the passes. Clients of a namespace whose
// labels differ in nothing that any rule asks for are one class and share all of it.
#pragma once

#include <string>
#include <vector>

#include "translate/cache.h"
#include "translate/item.h"
#include "translate/mesh/mesh_index.h"

namespace ripstop::translate {

struct OutboundInput {
  Part<MeshShape> shape;
  Part<std::vector<uint32_t>> visible;  // positions in shape->services
  Client client;
};

// Each list is sorted by name.
[[nodiscard]] Items<model::Cluster> list_clusters(const OutboundInput& input, Cache& cache);
[[nodiscard]] Items<model::RouteTable> list_route_tables(const OutboundInput& input, Cache& cache);
[[nodiscard]] Items<model::Listener> list_outbound_listeners(const OutboundInput& input, Cache& cache);

// Endpoints in two parts, so that a changed address leaves the first one alone.
struct EndpointPlan {
  uint32_t position = 0;  // of the service
  Part<model::DestinationPolicy> policy;
  bool asks_locality = false;  // some outlier detection in it: failover
};
[[nodiscard]] std::vector<EndpointPlan> plan_endpoints(const OutboundInput& input);

struct EndpointListInput {
  Part<MeshShape> shape;
  Part<std::vector<Part<Members>>> members;
  Part<std::vector<EndpointPlan>> plans;
  model::Locality client_locality;
};
[[nodiscard]] Items<model::LoadAssignment> list_assignments(const EndpointListInput& input, Cache& cache);

// Appends to a sorted list what another one holds; stays sorted.
void add_sorted(Items<model::Cluster>& to, const Items<model::Cluster>& more);
void add_sorted(Items<model::Listener>& to, const Items<model::Listener>& more);

}  // namespace ripstop::translate
