// Passes: the listeners of a client's own calls.
//
// A captured connection comes to "virtualOutbound", which hands it to the listener of its original destination: that of
// a service's address ("10.0.0.1_3306") where there is one, else that of the port ("0.0.0.0_9080"); where there is
// neither, virtualOutbound lets it through or, registry-only, ends it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "model/listener.h"
#include "model/mesh_route.h"
#include "model/service.h"
#include "translate/fingerprint.h"
#include "translate/mesh/destination_policies.h"

namespace ripstop::translate {

struct CaptureListenerInput {
  SocketAddress address;
  std::vector<SocketAddress> more_addresses;
  bool registry_only = false;
  std::vector<model::AccessLog> logs;
};

[[nodiscard]] model::Listener make_capture_listener(const CaptureListenerInput& input);

// What TCP and TLS rules make of a service's port.
struct L4Input {
  std::string host;
  std::shared_ptr<const model::L4Routes> rules;  // null: straight to the service
  Client client;
  std::map<std::string, uint16_t> only_ports;  // of the rules' destinations
};

// A service that is not HTTP and has no address of its own is told apart by address range or by server name, or takes
// the whole port.
struct PortService {
  L4Input l4;
  bool is_tls = false;
  std::vector<CidrBlock> ranges;
};

struct PortListenerInput {
  uint16_t port = 0;
  bool has_routes = false;                    // some host of the port is HTTP: table "PORT" exists
  std::vector<IpAddress> http_addresses;      // of services that declare HTTP: no guessing for these
  std::vector<IpAddress> grpc_web_addresses;  // of those that declare gRPC-Web
  std::vector<PortService> services;          // by host
  bool registry_only = false;
  std::vector<model::AccessLog> logs;
};

// "0.0.0.0_PORT", for both address families.
[[nodiscard]] model::Listener make_port_listener(const PortListenerInput& input);

struct ServiceListenerInput {
  std::vector<IpAddress> addresses;  // at least one
  model::ServicePort port;
  L4Input l4;
  std::vector<model::AccessLog> logs;
};

// "ADDRESS_PORT" for a service that is, or may be, something else than HTTP. On a port of unknown protocol HTTP goes by
// table "PORT", everything else to the service.
[[nodiscard]] model::Listener make_service_listener(const ServiceListenerInput& input);

}  // namespace ripstop::translate
