// What resources say about each other, collected while they are read and checked together afterwards.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

#include "dialect/report.h"
#include "model/mesh_route.h"
#include "model/service.h"

namespace ripstop::dialect::istio {

struct References {
  struct ToDestination {
    size_t resource = 0;  // index of the resource that says it
    model::Destination destination;
    Place host;
    Place subset;
  };
  struct ToGateway {
    size_t resource = 0;
    std::string gateway;  // "ns/name", never "mesh"
    Place place;
  };
  // A DestinationRule's host.
  struct ToHost {
    size_t resource = 0;
    std::string host;
    Place place;
  };
  // A host that a VirtualService routes for sidecars.
  struct RoutedHost {
    size_t resource = 0;
    std::string host;
    bool is_public = true;  // exported to all namespaces
    Place place;
  };
  struct ToWorkloads {
    size_t resource = 0;
    model::Labels selector;
    Place place;
  };

  std::vector<ToDestination> destinations;
  std::vector<ToGateway> gateways;
  std::vector<ToHost> hosts;
  std::vector<RoutedHost> routed_hosts;
  std::vector<ToWorkloads> selectors;

  void append(References&& other) {
    const auto move_into = [](auto& to, auto& from) { to.insert(to.end(), from.begin(), from.end()); };
    move_into(destinations, other.destinations);
    move_into(gateways, other.gateways);
    move_into(hosts, other.hosts);
    move_into(routed_hosts, other.routed_hosts);
    move_into(selectors, other.selectors);
  }
};

}  // namespace ripstop::dialect::istio
