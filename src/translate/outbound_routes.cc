#include <algorithm>
#include <utility>

#include "translate/called_ports.h"
#include "translate/listener/filters.h"
#include "translate/listener/outbound_listener_pass.h"
#include "translate/outbound.h"
#include "translate/pass/route_pass.h"

namespace ripstop::translate {
namespace {

using model::Listener;
using model::RouteTable;

Items<RouteTable> route_items(const RouteInput& input) {
  return {make_item(make_route_table(input))};
}

Items<Listener> port_listener_items(const PortListenerInput& input) {
  return {make_item(make_port_listener(input))};
}

Items<Listener> service_listener_items(const ServiceListenerInput& input) {
  return {make_item(make_service_listener(input))};
}

}  // namespace

Items<RouteTable> list_route_tables(const OutboundInput& input, Cache& cache) {
  CalledPorts called = called_ports(input);
  Items<RouteTable> tables;
  for (auto& [number, port] : called.ports) {
    if (port.hosts.empty()) continue;
    RouteInput one{.port = number,
                   .client = input.client,
                   .hosts = std::move(port.hosts),
                   .only_ports = {},
                   .registry_only = input.shape->settings.registry_only};
    one.only_ports = only_ports_of(one.hosts, called.only_ports);
    tables.push_back(cache.run(PassId::kRoute, one, route_items)->front());
  }
  std::ranges::sort(tables, {}, [](const auto& table) { return std::string_view((*table)->name); });
  return tables;
}

Items<Listener> list_outbound_listeners(const OutboundInput& input, Cache& cache) {
  const model::MeshSettings& settings = input.shape->settings;
  CalledPorts called = called_ports(input);
  Items<Listener> listeners;
  for (auto& [number, port] : called.ports) {
    const PortListenerInput one{.port = number,
                                .has_routes = !port.hosts.empty(),
                                .http_addresses = std::move(port.http_addresses),
                                .grpc_web_addresses = std::move(port.grpc_web_addresses),
                                .services = std::move(port.services),
                                .registry_only = settings.registry_only,
                                .logs = access_logs(settings)};
    listeners.push_back(cache.run(PassId::kPortListener, one, port_listener_items)->front());
  }
  for (ServiceListenerInput& one : called.service_listeners) {
    one.logs = access_logs(settings);
    listeners.push_back(cache.run(PassId::kServiceListener, one, service_listener_items)->front());
  }
  std::ranges::sort(listeners, {}, [](const auto& listener) { return std::string_view((*listener)->name); });
  return listeners;
}

}  // namespace ripstop::translate
