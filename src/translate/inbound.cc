#include "translate/inbound.h"

#include <map>
#include <utility>

#include "translate/listener/filters.h"

namespace ripstop::translate {
namespace {

using model::Service;
using model::ServicePort;

void describe(std::map<uint16_t, InboundPort>& ports, const Service& service, const ServicePort& port, bool may_add) {
  const uint16_t number = port.target_port != 0 ? port.target_port : port.number;
  if (port.protocol == model::AppProtocol::kUdp || (!may_add && !ports.contains(number))) return;
  InboundPort& inbound = ports[number];
  if (!inbound.service_host.empty()) {
    if (inbound.protocol != port.protocol) inbound.protocol = model::AppProtocol::kAuto;
    return;
  }
  inbound.protocol = port.protocol;
  inbound.service_host = service.host;
  inbound.service_name = service.name.empty() ? service.host : service.name;
  inbound.service_ns = service.ns;
  inbound.origin = service.origin;
}

bool leads_to(const Service& service, const Proxy& proxy) {
  return service.ns == proxy.ns && service.selector && !service.selector->empty() &&
         model::selects(*service.selector, proxy.labels);
}

}  // namespace

InboundInput inbound_input(const MeshIndex& index, const Proxy& proxy) {
  std::map<uint16_t, InboundPort> ports;
  if (!proxy.shares_namespace) {
    for (const auto& [number, listens] : proxy.inbound) ports[number].listens = listens;
  }
  for (const ServiceShape& shape : index.shape->services) {
    if (!leads_to(*shape.service, proxy)) continue;
    for (const ServicePort& port : shape.service->ports) describe(ports, *shape.service, port, proxy.shares_namespace);
  }

  const EffectiveMtls mtls = index.server_mtls.of(proxy.ns, proxy.labels);
  InboundInput input;
  for (auto& [number, port] : ports) {
    port.number = number;
    port.mtls = mtls.at(number);
    input.ports.push_back(std::move(port));
  }
  if (proxy.shares_namespace) input.capture = proxy.inbound_capture;
  input.other_mtls = mtls.mode;
  input.trust_domain = index.shape->settings.trust_domain;
  input.logs = access_logs(index.shape->settings);
  return input;
}

}  // namespace ripstop::translate
