// Pass: what others' calls to the application behind this proxy go through: listeners and the clusters they lead to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "model/cluster.h"
#include "model/listener.h"
#include "model/mesh_policy.h"
#include "model/service.h"

namespace ripstop::translate {

struct InboundPort {
  uint16_t number = 0;                   // application port
  std::optional<SocketAddress> listens;  // plain machine: where its listener is bound; pod: absent
  model::AppProtocol protocol = model::AppProtocol::kAuto;
  model::MtlsMode mtls = model::MtlsMode::kPermissive;  // effective, never kUnset
  std::string service_host;                             // of the service that leads here; empty: none does
  std::string service_name;
  std::string service_ns;
  model::OriginRef origin;
};

struct InboundInput {
  std::vector<InboundPort> ports;  // by number
  // Pod: one listener here that takes every port, those not in `ports` by `other_mtls`. Absent on a plain machine.
  std::optional<SocketAddress> capture;
  model::MtlsMode other_mtls = model::MtlsMode::kPermissive;
  std::string trust_domain;
  std::vector<model::AccessLog> logs;
};

struct InboundResult {
  std::vector<model::Cluster> clusters;
  std::vector<model::Listener> listeners;
};

// Strict: mesh TLS only, a client certificate of the trust domain required. Permissive: mesh TLS is told by its ALPN,
// everything else is plain (another's TLS passes through to the application). Disabled: plain only. HTTP gets a route
// table of its own with no time-out, and a retry only where the request never reached the application.
[[nodiscard]] InboundResult make_inbound(const InboundInput& input);

}  // namespace ripstop::translate
