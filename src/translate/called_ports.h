// What a client may call, by port: the common ground of route tables and outbound listeners.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "translate/listener/outbound_listener_pass.h"
#include "translate/outbound.h"
#include "translate/pass/route_pass.h"

namespace ripstop::translate {

struct CalledPorts {
  struct Port {
    std::vector<RoutedHost> hosts;              // those that are, or may be, HTTP; by host
    std::vector<IpAddress> http_addresses;      // of those that declare HTTP
    std::vector<IpAddress> grpc_web_addresses;  // of those that declare gRPC-Web
    std::vector<PortService> services;          // neither HTTP nor with an address; by host
  };
  std::map<uint16_t, Port> ports;
  std::vector<ServiceListenerInput> service_listeners;  // access logs are the caller's to add
  std::map<std::string, uint16_t> only_ports;           // of visible services with a single port
};

// Rules for hosts that are no service are heard on port 80, where names without a service are called.
[[nodiscard]] CalledPorts called_ports(const OutboundInput& input);

// The part of `all` that these rules can ask for, so that a route's inputs name nothing else.
[[nodiscard]] std::map<std::string, uint16_t> only_ports_of(const std::vector<RoutedHost>& hosts,
                                                            const std::map<std::string, uint16_t>& all);

}  // namespace ripstop::translate
