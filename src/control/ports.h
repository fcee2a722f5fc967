// Listening where proxies and people found the control plane last time.
#pragma once

#include <optional>
#include <string>

#include "base/address.h"
#include "base/result.h"
#include "control/store/store.h"
#include "runtime/socket.h"

namespace ripstop::control {

struct PortUse {
  const char* setting;  // under which the store remembers the port
  const char* option;   // of the command line, for errors
  const char* purpose;  // likewise: "which proxies connect to"
};

// Listens on `asked`. Without it, or with port 0, on the port of last time, or on a free one that is then remembered.
// kAlreadyExists: another program has the port.
[[nodiscard]] Result<runtime::Acceptor> listen_as_before(Store& store, const std::optional<SocketAddress>& asked,
                                                         const PortUse& use);

}  // namespace ripstop::control
