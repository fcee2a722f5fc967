// What leads to the application behind one proxy: its ports, the services that name them, the mTLS in force for each.
#pragma once

#include "translate/listener/inbound_listener_pass.h"
#include "translate/mesh/mesh_index.h"
#include "translate/proxy.h"

namespace ripstop::translate {

// On a plain machine the ports are those the proxy listens for, in a pod those that services of its namespace lead to.
// A port that services describe differently is of unknown protocol.
[[nodiscard]] InboundInput inbound_input(const MeshIndex& index, const Proxy& proxy);

}  // namespace ripstop::translate
