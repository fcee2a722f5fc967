// Pass: one service -> the load assignments of all its ports and subsets. The only pass that sees endpoint addresses.
#pragma once

#include <string>
#include <vector>

#include "model/cluster.h"
#include "translate/mesh/mesh_index.h"

namespace ripstop::translate {

struct EndpointInput {
  Part<model::Service> service;
  Part<Members> members;
  Part<model::DestinationPolicy> policy;  // null: none is in force
  model::Locality client_locality;        // counts where the policy has outlier detection, which turns failover on
  std::string cluster_id;
};

// Ready workloads and the service's own endpoints. With outlier detection the nearest locality comes first (same
// sub-zone 0, zone 1, region 2, elsewhere 3, numbered without gaps); else all localities are equal. Endpoints are
// ordered by address, so that the order in which workloads came does not show. For DNS services host names are kept for
// the proxy to resolve, and a service without endpoints is resolved by its own name.
[[nodiscard]] std::vector<model::LoadAssignment> make_assignments(const EndpointInput& input);

}  // namespace ripstop::translate
