// Pass: everything a client may call on one port -> the route table of that port.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/address.h"
#include "model/mesh_route.h"
#include "model/route.h"
#include "translate/mesh/destination_policies.h"

namespace ripstop::translate {

// One host on the port: a service, or a host that only routing rules speak of (then `is_service` is false).
struct RoutedHost {
  std::string host;
  std::string name;  // short name, empty for hosts outside the mesh's domain
  std::string ns;
  std::vector<IpAddress> addresses;
  bool is_service = true;
  std::shared_ptr<const model::HttpRoutes> rules;  // null: straight to the service
  model::OriginRef origin;
};

struct RouteInput {
  uint16_t port = 0;
  Client client;
  std::vector<RoutedHost> hosts;  // by host
  // For destinations that name no port: a service's only port is meant, else the port that the client called.
  std::map<std::string, uint16_t> only_ports;
  bool registry_only = false;
};

// Table "PORT". Domains of a service: host, host with trailing dot, name.ns, name.ns.svc, the short name in the
// client's own namespace, and addresses, each with and without the port; a domain that two hosts claim goes to the
// first, full names before short ones. Conditions on the client are decided here; routes after one that takes every
// request are left out. The last virtual host takes unknown hosts: through to where they were bound for, or 502.
[[nodiscard]] model::RouteTable make_route_table(const RouteInput& input);

// What a call gets where nobody wrote a retry policy.
[[nodiscard]] model::RetryPolicy default_outbound_retry();

}  // namespace ripstop::translate
