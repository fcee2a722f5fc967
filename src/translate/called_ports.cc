#include "translate/called_ports.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "translate/mesh/rule_binding.h"

namespace ripstop::translate {
namespace {

using model::AppProtocol;
using model::Service;
using model::ServicePort;

class Sorter {
 public:
  explicit Sorter(const OutboundInput& input)
      : input_(input), http_(input.shape->http_routes, input.client.ns), l4_(input.shape->l4_routes, input.client.ns) {}

  CalledPorts sort() {
    find_only_ports();
    for (const uint32_t position : *input_.visible) add(*input_.shape->services[position].service);
    add_hosts_without_service();
    return std::move(called_);
  }

 private:
  void find_only_ports() {
    for (const uint32_t position : *input_.visible) {
      const Service& service = *input_.shape->services[position].service;
      if (service.ports.size() == 1) called_.only_ports.emplace(service.host, service.ports.front().number);
    }
  }

  void add(const Service& service) {
    for (const ServicePort& port : service.ports) {
      if (port.protocol == AppProtocol::kUdp) continue;
      if (port.protocol == AppProtocol::kAuto || model::is_http(port.protocol)) add_http(service, port);
      if (!model::is_http(port.protocol)) add_opaque(service, port);
    }
  }

  void add_http(const Service& service, const ServicePort& port) {
    CalledPorts::Port& called = called_.ports[port.number];
    auto rules = http_.find(service.host);
    called.hosts.push_back({.host = service.host,
                            .name = service.name,
                            .ns = service.ns,
                            .addresses = service.addresses,
                            .is_service = true,
                            .rules = std::move(rules),
                            .origin = service.origin});
    if (port.protocol == AppProtocol::kAuto) return;
    auto* own = &called.http_addresses;
    auto* other = &called.grpc_web_addresses;
    if (port.protocol == AppProtocol::kGrpcWeb) std::swap(own, other);
    // Chains that overlap are an error to Envoy: an address that services describe differently is as the first has it.
    std::ranges::copy_if(service.addresses, std::back_inserter(*own), [&other](const IpAddress& address) {
      return std::ranges::find(*other, address) == other->end();
    });
  }

  void add_opaque(const Service& service, const ServicePort& port) {
    L4Input l4{service.host, l4_.find(service.host), input_.client, {}};
    if (l4.rules) l4.only_ports = only_ports_of(*l4.rules);
    if (!service.addresses.empty()) add_service_listener(service, port, l4);
    // Without address or range opaque bytes can only be told by the port. Where the protocol is not known either, that
    // is right for a service that sends them on to where they were bound for, and a guess for any other.
    const bool is_certain = port.protocol != AppProtocol::kAuto || service.resolution == model::Resolution::kNone;
    const bool is_found_by_port = service.addresses.empty() && is_certain;
    if (service.address_ranges.empty() && !is_found_by_port) return;
    called_.ports[port.number].services.push_back(
        {std::move(l4), port.protocol == AppProtocol::kTls, service.address_ranges});
  }

  void add_service_listener(const Service& service, const ServicePort& port, const L4Input& l4) {
    // An address that another service claimed on this port stays with the first by name.
    std::vector<IpAddress> free;
    for (const IpAddress& address : service.addresses) {
      if (taken_.insert({address, port.number}).second) free.push_back(address);
    }
    if (!free.empty()) called_.service_listeners.push_back({std::move(free), port, l4, {}});
  }

  [[nodiscard]] std::map<std::string, uint16_t> only_ports_of(const model::L4Routes& rules) const {
    std::map<std::string, uint16_t> ports;
    for (const model::L4Rule& rule : rules.rules) {
      for (const model::WeightedDestination& to : rule.destinations) {
        const auto found = called_.only_ports.find(to.destination.host);
        if (found != called_.only_ports.end()) ports.insert(*found);
      }
    }
    return ports;
  }

  void add_hosts_without_service() {
    std::set<std::string_view> heard;
    for (const uint32_t position : *input_.visible) {
      for (const std::string& pattern : host_patterns(input_.shape->services[position].service->host)) {
        const auto bound = http_.by_pattern().find(pattern);
        if (bound == http_.by_pattern().end()) continue;
        heard.insert(bound->first);
        break;
      }
    }
    for (const auto& [host, rules] : http_.by_pattern()) {
      if (heard.contains(host)) continue;
      called_.ports[80].hosts.push_back({.host = host,
                                         .name = {},
                                         .ns = rules->ns,
                                         .addresses = {},
                                         .is_service = false,
                                         .rules = rules,
                                         .origin = rules->origin});
    }
  }

  const OutboundInput& input_;
  const RuleBinding<model::HttpRoutes> http_;
  const RuleBinding<model::L4Routes> l4_;
  CalledPorts called_;
  std::set<SocketAddress> taken_;
};

void add_only_port(const model::Destination& destination, const std::map<std::string, uint16_t>& all,
                   std::map<std::string, uint16_t>& wanted) {
  if (const auto found = all.find(destination.host); found != all.end()) wanted.insert(*found);
}

}  // namespace

CalledPorts called_ports(const OutboundInput& input) {
  return Sorter(input).sort();
}

std::map<std::string, uint16_t> only_ports_of(const std::vector<RoutedHost>& hosts,
                                              const std::map<std::string, uint16_t>& all) {
  std::map<std::string, uint16_t> wanted;
  for (const RoutedHost& host : hosts) {
    if (!host.rules) continue;
    for (const model::HttpRule& rule : host.rules->rules) {
      const auto* forward = std::get_if<model::ForwardToServices>(&rule.action);
      if (forward == nullptr) continue;
      for (const auto& to : forward->destinations) add_only_port(to.destination, all, wanted);
      for (const auto& to : forward->mirrors) add_only_port(to.destination, all, wanted);
    }
  }
  return wanted;
}

}  // namespace ripstop::translate
