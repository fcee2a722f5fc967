#include "translate/listener/inbound_listener_pass.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "translate/listener/filters.h"
#include "translate/listener/inbound_chains.h"
#include "translate/names.h"
#include "translate/pass/cluster_pass.h"

namespace ripstop::translate {
namespace {

using model::AppProtocol;
using model::Cluster;
using model::Listener;
using model::MtlsMode;

model::OriginRef origin_of(const InboundPort& port) {
  return port.origin ? port.origin : mesh_default("inbound");
}

// An application is spoken to as its client speaks, unless its port says that it knows HTTP/2 alone.
model::UpstreamProtocol application_protocol(const InboundPort& port) {
  if (port.protocol == AppProtocol::kHttp) return model::UpstreamProtocol::kSameAsDownstream;
  return upstream_protocol(port.protocol);
}

Cluster application_cluster(const InboundPort& port) {
  Cluster cluster = baseline_cluster(inbound_cluster_name(port.number));
  cluster.discovery = model::Discovery::kStatic;
  cluster.protocol = application_protocol(port);
  cluster.is_application = true;
  model::Endpoint endpoint;
  endpoint.address = {IpAddress::loopback_v4(), port.number};
  model::LocalityEndpoints here;
  here.endpoints.push_back(std::move(endpoint));
  cluster.assignment = model::LoadAssignment{.cluster = cluster.name, .localities = {std::move(here)}};
  cluster.service_host = port.service_host;
  cluster.service_labels.canonical_service = port.service_name;
  cluster.service_labels.ns = port.service_ns;
  cluster.origin = origin_of(port);
  return cluster;
}

Cluster passthrough_cluster() {
  Cluster cluster = baseline_cluster(std::string(kInboundPassthroughCluster));
  cluster.discovery = model::Discovery::kOriginalDst;
  cluster.balancing = model::Balancing::kClusterProvided;
  cluster.protocol = model::UpstreamProtocol::kSameAsDownstream;
  cluster.is_application = true;
  cluster.origin = mesh_default("inbound");
  return cluster;
}

InboundChains chains_of(const InboundInput& input, const InboundPort& port) {
  InboundChains chains;
  chains.name = fmt::format("inbound_{}", port.number);
  chains.cluster = inbound_cluster_name(port.number);
  chains.operation = fmt::format("{}:{}/*", port.service_host.empty() ? "inbound" : port.service_host, port.number);
  chains.origin = origin_of(port);
  chains.protocol = port.protocol;
  chains.mtls = port.mtls;
  chains.trust_domain = input.trust_domain;
  chains.logs = input.logs;
  return chains;
}

bool looks_at_http(const Listener& listener) {
  const auto http = inspected_http();
  return std::ranges::any_of(listener.filter_chains, [&http](const model::FilterChain& chain) {
    return chain.match.application_protocols == http;
  });
}

// Where only TLS or HTTP is spoken the client opens, so it can be waited for, and a slow handshake is not taken for
// something else; anywhere else a client may let the server speak first.
bool client_opens(const InboundPort& port) {
  return port.mtls == MtlsMode::kStrict || model::is_http(port.protocol);
}

void inspect_for(Listener& listener, bool client_opens) {
  const bool looks_at_tls = std::ranges::any_of(
      listener.filter_chains, [](const model::FilterChain& chain) { return !chain.match.transport_protocol.empty(); });
  inspect(listener, looks_at_tls, looks_at_http(listener), client_opens);
}

Listener bound_listener(const InboundInput& input, const InboundPort& port) {
  Listener listener;
  listener.name = fmt::format("inbound_{}", port.number);
  listener.address = *port.listens;
  listener.direction = model::Direction::kInbound;
  listener.filter_chains = make_inbound_chains(chains_of(input, port));
  inspect_for(listener, client_opens(port));
  return listener;
}

// A connection made to the capture port itself would be sent to itself without end.
model::FilterChain loop_guard(const InboundInput& input) {
  model::FilterChain chain;
  chain.name = "virtualInbound-blackhole";
  chain.match.destination_port = input.capture->port;
  chain.filter = tcp_proxy(std::string(kBlackHoleCluster), input.logs);
  return chain;
}

Listener capturing_listener(const InboundInput& input) {
  Listener listener;
  listener.name = "virtualInbound";
  listener.address = *input.capture;
  listener.read_original_dst = true;
  listener.direction = model::Direction::kInbound;
  listener.filter_chains.push_back(loop_guard(input));
  bool every_client_opens = input.other_mtls == MtlsMode::kStrict;
  for (const InboundPort& port : input.ports) {
    InboundChains chains = chains_of(input, port);
    chains.port = port.number;
    every_client_opens = every_client_opens && client_opens(port);
    for (auto& chain : make_inbound_chains(chains)) listener.filter_chains.push_back(std::move(chain));
  }
  InboundChains others;
  others.name = "virtualInbound-catchall";
  others.cluster = kInboundPassthroughCluster;
  others.operation = "passthrough/*";
  others.origin = mesh_default("inbound");
  others.mtls = input.other_mtls;
  others.trust_domain = input.trust_domain;
  others.logs = input.logs;
  for (auto& chain : make_inbound_chains(others)) listener.filter_chains.push_back(std::move(chain));
  inspect_for(listener, every_client_opens);
  return listener;
}

}  // namespace

InboundResult make_inbound(const InboundInput& input) {
  InboundResult result;
  for (const InboundPort& port : input.ports) {
    if (port.protocol == AppProtocol::kUdp) continue;
    result.clusters.push_back(application_cluster(port));
    if (!input.capture && port.listens) result.listeners.push_back(bound_listener(input, port));
  }
  if (input.capture) {
    result.clusters.push_back(passthrough_cluster());
    result.listeners.push_back(capturing_listener(input));
  }
  return result;
}

}  // namespace ripstop::translate
