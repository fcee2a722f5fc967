// Pass: which services a client's namespace may call, one per host.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "translate/mesh/mesh_index.h"

namespace ripstop::translate {

struct VisibleServicesInput {
  Part<MeshShape> shape;
  std::string client_ns;
};

// Positions in the shape's services, ascending. Of several services that claim one host the client's own namespace
// wins, then one that belongs to the mesh (it has a short name), then the first namespace by name.
[[nodiscard]] std::vector<uint32_t> visible_services(const VisibleServicesInput& input);

}  // namespace ripstop::translate
