// Whose proxy this is, as the node of its bootstrap says under Istio's metadata keys.
#pragma once

#include <string_view>

#include "model/cluster.h"

namespace ripstop::proxy {

// `node` is a serialized envoy.config.core.v3.Node: metadata WORKLOAD_NAME, NAMESPACE, CLUSTER_ID and LABELS. Fields
// that are not there stay empty.
[[nodiscard]] model::PeerLabels labels_of_node(std::string_view node);

}  // namespace ripstop::proxy
