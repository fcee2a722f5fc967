#include "translate/listener/outbound_listener_pass.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <utility>

#include "base/text.h"
#include "translate/listener/filters.h"
#include "translate/mesh/rule_binding.h"
#include "translate/names.h"
#include "translate/pass/route_actions.h"

namespace ripstop::translate {
namespace {

using model::FilterChain;
using model::Listener;

using Logs = std::vector<model::AccessLog>;

std::string_view fallback_cluster(bool registry_only) {
  return registry_only ? kBlackHoleCluster : kPassthroughCluster;
}

CidrBlock whole_address(const IpAddress& address) {
  return {address, static_cast<uint8_t>(address.is_v4() ? 32 : 128)};
}

FilterChain http_chain(std::string name, uint16_t port, const Logs& logs) {
  FilterChain chain;
  chain.name = std::move(name);
  model::HttpConnection http = http_connection(fmt::format("outbound_0.0.0.0_{}", port), logs);
  http.route_table_name = std::to_string(port);
  http.server_name.clear();
  chain.filter = std::move(http);
  return chain;
}

// For services that declare HTTP at these addresses, if there are any: nothing is guessed.
void add_http_services(Listener& listener, const std::vector<IpAddress>& addresses, FilterChain chain) {
  if (addresses.empty()) return;
  for (const IpAddress& address : addresses) chain.match.destination_ranges.push_back(whole_address(address));
  listener.filter_chains.push_back(std::move(chain));
}

// Without the transport a TLS client that offers "http/1.1" would be taken for plain HTTP.
void match_http(FilterChain& chain) {
  chain.match.transport_protocol = "raw_buffer";
  chain.match.application_protocols = inspected_http();
}

// Two chains with one match are an error to Envoy; the earlier rule is the one that counts.
void add_chain(Listener& listener, FilterChain chain) {
  const bool is_taken = std::ranges::any_of(listener.filter_chains,
                                            [&chain](const FilterChain& have) { return have.match == chain.match; });
  if (!is_taken) listener.filter_chains.push_back(std::move(chain));
}

std::vector<std::string> lower_case(const std::vector<std::string>& names) {
  std::vector<std::string> lower;
  for (const std::string& name : names) {
    if (name != "*") lower.push_back(to_lower(name));
  }
  return lower;
}

FilterChain rule_chain(const L4Input& l4, const model::L4Rule& rule, uint16_t port, const Logs& logs) {
  FilterChain chain;
  chain.name = rule.origin ? fmt::format("{}/{}", rule.origin->ns, rule.origin->name) : l4.host;
  model::TcpProxy proxy;
  proxy.stat_prefix = outbound_cluster_name(port, "", l4.host);
  proxy.clusters = weighted_clusters(rule.destinations, {port, l4.only_ports});
  if (proxy.clusters.empty()) proxy.clusters.push_back({.cluster = std::string(kBlackHoleCluster)});
  proxy.access_logs = logs;
  chain.filter = std::move(proxy);
  return chain;
}

// The chain for whatever no rule of the service takes.
FilterChain service_chain(const L4Input& l4, uint16_t port, const Logs& logs) {
  FilterChain chain;
  chain.name = outbound_cluster_name(port, "", l4.host);
  chain.filter = tcp_proxy(chain.name, logs);
  return chain;
}

// A chain for each rule of the service, then one for the rest, all of them narrowed by `within`.
std::vector<FilterChain> l4_chains(const L4Input& l4, uint16_t port, const model::FilterChainMatch& within,
                                   const Logs& logs) {
  std::vector<FilterChain> chains;
  const auto add = [&](const model::L4Rule& rule, const model::L4Rule::Condition& condition) {
    if (!is_in_scope(condition.scope, l4.client, port)) return;
    FilterChain chain = rule_chain(l4, rule, port, logs);
    chain.match = within;
    if (!condition.destinations.empty()) chain.match.destination_ranges = condition.destinations;
    if (std::vector<std::string> names = lower_case(condition.server_names); !names.empty()) {
      chain.match.server_names = std::move(names);
    }
    if (rule.is_tls) chain.match.transport_protocol = "tls";
    chains.push_back(std::move(chain));
  };
  if (l4.rules) {
    for (const model::L4Rule& rule : l4.rules->rules) {
      if (rule.conditions.empty()) add(rule, {});
      for (const auto& condition : rule.conditions) add(rule, condition);
    }
  }
  chains.push_back(service_chain(l4, port, logs));
  chains.back().match = within;
  return chains;
}

bool looks_at_tls(const Listener& listener) {
  return std::ranges::any_of(listener.filter_chains, [](const FilterChain& chain) {
    return !chain.match.server_names.empty() || !chain.match.transport_protocol.empty();
  });
}

bool looks_at_http(const Listener& listener) {
  return std::ranges::any_of(listener.filter_chains,
                             [](const FilterChain& chain) { return !chain.match.application_protocols.empty(); });
}

void inspect_as_needed(Listener& listener, bool client_opens) {
  const bool http = looks_at_http(listener);
  inspect(listener, http || looks_at_tls(listener), http, client_opens);
}

// Matching everything: the listener's default rather than one more chain.
void make_default(Listener& listener, FilterChain chain) {
  if (!listener.default_filter_chain) listener.default_filter_chain = std::move(chain);
}

void add_port_service(Listener& listener, const PortListenerInput& input, const PortService& service) {
  model::FilterChainMatch within;
  within.destination_ranges = service.ranges;
  if (service.is_tls && service.ranges.empty()) within.server_names = lower_case({service.l4.host});
  for (FilterChain& chain : l4_chains(service.l4, input.port, within, input.logs)) {
    if (chain.match == model::FilterChainMatch{}) {
      make_default(listener, std::move(chain));
    } else {
      add_chain(listener, std::move(chain));
    }
  }
}

}  // namespace

Listener make_capture_listener(const CaptureListenerInput& input) {
  Listener listener;
  listener.name = "virtualOutbound";
  listener.address = input.address;
  listener.more_addresses = input.more_addresses;
  listener.use_original_dst = true;
  listener.direction = model::Direction::kOutbound;
  FilterChain chain;
  chain.name = "virtualOutbound-catchall-tcp";
  chain.filter = tcp_proxy(std::string(fallback_cluster(input.registry_only)), input.logs);
  listener.default_filter_chain = std::move(chain);
  return listener;
}

Listener make_port_listener(const PortListenerInput& input) {
  Listener listener;
  listener.name = fmt::format("0.0.0.0_{}", input.port);
  listener.address.port = input.port;
  listener.more_addresses = {{IpAddress::v6({}), input.port}};
  listener.bind_to_port = false;
  listener.direction = model::Direction::kOutbound;
  add_http_services(listener, input.http_addresses, http_chain("http-services", input.port, input.logs));
  FilterChain grpc_web = http_chain("grpc-web-services", input.port, input.logs);
  std::get<model::HttpConnection>(grpc_web.filter).grpc_web = true;
  add_http_services(listener, input.grpc_web_addresses, std::move(grpc_web));
  for (const PortService& service : input.services) add_port_service(listener, input, service);
  if (input.has_routes) {
    FilterChain chain = http_chain("http", input.port, input.logs);
    match_http(chain);
    add_chain(listener, std::move(chain));
  }
  FilterChain rest;
  rest.name = "PassthroughFilterChain";
  rest.filter = tcp_proxy(std::string(fallback_cluster(input.registry_only)), input.logs);
  make_default(listener, std::move(rest));
  inspect_as_needed(listener, false);
  return listener;
}

Listener make_service_listener(const ServiceListenerInput& input) {
  const uint16_t port = input.port.number;
  Listener listener;
  listener.address = {input.addresses.front(), port};
  listener.name = listener_name(listener.address);
  for (const IpAddress& address : input.addresses | std::views::drop(1))
    listener.more_addresses.push_back({address, port});
  listener.bind_to_port = false;
  listener.direction = model::Direction::kOutbound;
  for (FilterChain& chain : l4_chains(input.l4, port, {}, input.logs)) {
    if (chain.match == model::FilterChainMatch{}) {
      make_default(listener, std::move(chain));
    } else {
      add_chain(listener, std::move(chain));
    }
  }
  if (input.port.protocol == model::AppProtocol::kAuto) {
    FilterChain chain = http_chain("http", port, input.logs);
    match_http(chain);
    add_chain(listener, std::move(chain));
  }
  inspect_as_needed(listener, input.port.protocol == model::AppProtocol::kTls);
  return listener;
}

}  // namespace ripstop::translate
