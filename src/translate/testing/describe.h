// A ProxyConfig as text for golden files: one line per thing, everything a pass decides, nothing that is a default of
// the model.
#pragma once

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <variant>
#include <vector>

#include "translate/translate.h"

namespace ripstop::translate::testing {

class Description {
 public:
  std::string of(const ProxyConfig& config) {
    for (const auto& item : config.clusters) add(**item);
    for (const auto& item : config.assignments) add(**item, 0);
    for (const auto& item : config.listeners) add(**item);
    for (const auto& item : config.route_tables) add(**item, 0);
    for (const auto& item : config.secrets) line(0, "secret {}", (*item)->name);
    for (const auto& item : config.name_tables) add(**item);
    return std::move(text_);
  }

 private:
  template <typename... Arguments>
  void line(int depth, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    text_.append(static_cast<size_t>(depth) * 2, ' ');
    fmt::format_to(std::back_inserter(text_), format, std::forward<Arguments>(arguments)...);
    text_ += '\n';
  }

  static long ms(Duration duration) { return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count(); }

  static std::string text(const model::OriginRef& origin) { return origin ? origin->to_string() : "?"; }

  static std::string text(const std::vector<model::StringMatch>& matches) {
    static constexpr const char* kKinds[] = {"=", "prefix ", "suffix ", "contains ", "regex ", "present", "segments "};
    std::string all;
    for (const auto& match : matches) {
      all += (all.empty() ? "" : ", ") + std::string(kKinds[static_cast<size_t>(match.kind)]) + match.text;
    }
    return all;
  }

  static std::string text(const std::vector<model::WeightedCluster>& clusters) {
    std::string all;
    for (const auto& to : clusters) all += fmt::format("{}{} x{}", all.empty() ? "" : ", ", to.cluster, to.weight);
    return all;
  }

  void add(const model::Cluster& cluster) {
    static constexpr const char* kDiscovery[] = {"static", "eds", "strict_dns", "logical_dns", "original_dst"};
    static constexpr const char* kBalancing[] = {"round_robin", "least_request", "random", "cluster_provided"};
    static constexpr const char* kProtocols[] = {"http1", "http2", "same"};
    line(0, "cluster {}", cluster.name);
    line(1, "{} {} {} connect {} ms, panic {} %, breaker {}/{}/{}/{}", kDiscovery[static_cast<int>(cluster.discovery)],
         kBalancing[static_cast<int>(cluster.balancing)], kProtocols[static_cast<int>(cluster.protocol)],
         ms(cluster.connect_timeout), cluster.panic_percent, cluster.breaker.max_connections,
         cluster.breaker.max_pending_requests, cluster.breaker.max_requests, cluster.breaker.max_retries);
    if (cluster.tls) {
      line(1, "tls {} sni {} alpn [{}] cert {} roots {} peers [{}]",
           cluster.tls_only_where_taken ? "where taken" : "always", cluster.tls->sni,
           fmt::join(cluster.tls->alpn, ", "), cluster.tls->secrets.certificate, cluster.tls->secrets.trusted_roots,
           text(cluster.tls->peer_names));
    }
    if (cluster.is_application) line(1, "application");
    line(1, "service {} ({} in {}), from {}", cluster.service_host, cluster.service_labels.canonical_service,
         cluster.service_labels.ns, text(cluster.origin));
    if (cluster.assignment) add(*cluster.assignment, 1);
  }

  void add(const model::LoadAssignment& assignment, int depth) {
    line(depth, "assignment {}", assignment.cluster);
    for (const auto& group : assignment.localities) {
      line(depth + 1, "locality {}/{}/{} priority {}", group.locality.region, group.locality.zone,
           group.locality.sub_zone, group.priority);
      for (const auto& endpoint : group.endpoints) {
        const std::string where = endpoint.hostname.empty()
                                      ? endpoint.address.to_string()
                                      : fmt::format("{}:{}", endpoint.hostname, endpoint.address.port);
        line(depth + 2, "{} weight {}{} {} {} {}", where, endpoint.weight, endpoint.takes_mtls ? " mtls" : "",
             endpoint.labels.workload, endpoint.labels.version, endpoint.labels.principal);
      }
    }
  }

  void add(const model::Listener& listener) {
    line(0, "listener {} at {}{}{}{}", listener.name, listener.address.to_string(),
         listener.bind_to_port ? "" : " not bound", listener.use_original_dst ? " hands over" : "",
         listener.read_original_dst ? " reads original destination" : "");
    for (const auto& more : listener.more_addresses) line(1, "also at {}", more.to_string());
    if (listener.inspect_tls || listener.inspect_http) {
      line(1, "inspects{}{} for {} ms, then {}", listener.inspect_tls ? " tls" : "",
           listener.inspect_http ? " http" : "", ms(listener.inspect_timeout),
           listener.continue_on_inspect_timeout ? "goes on" : "closes");
    }
    for (const auto& chain : listener.filter_chains) add("chain", chain);
    if (listener.default_filter_chain) add("default", *listener.default_filter_chain);
  }

  void add(const char* what, const model::FilterChain& chain) {
    std::string match;
    if (chain.match.destination_port) match += fmt::format(" port {}", *chain.match.destination_port);
    for (const auto& range : chain.match.destination_ranges) match += " to " + range.to_string();
    if (!chain.match.server_names.empty()) match += fmt::format(" sni [{}]", fmt::join(chain.match.server_names, ", "));
    if (!chain.match.transport_protocol.empty()) match += " " + chain.match.transport_protocol;
    if (!chain.match.application_protocols.empty()) {
      match += fmt::format(" alpn [{}]", fmt::join(chain.match.application_protocols, ", "));
    }
    line(1, "{} {}:{}", what, chain.name, match);
    if (chain.tls) {
      line(2, "tls{} alpn [{}] peers [{}]", chain.tls->require_client_certificate ? " mutual" : "",
           fmt::join(chain.tls->alpn, ", "), text(chain.tls->peer_names));
    }
    if (const auto* tcp = std::get_if<model::TcpProxy>(&chain.filter)) return line(2, "tcp -> {}", text(tcp->clusters));
    const auto& http = std::get<model::HttpConnection>(chain.filter);
    line(2, "http {} routes {} server \"{}\"", http.stat_prefix, http.route_table_name, http.server_name);
    if (http.inline_routes) add(*http.inline_routes, 2);
  }

  void add(const model::RouteTable& table, int depth) {
    line(depth, "routes {}", table.name);
    for (const auto& host : table.virtual_hosts) {
      line(depth + 1, "host {} [{}] retries {}", host.name, fmt::join(host.domains, ", "),
           host.retry ? host.retry->retries : 0);
      for (const auto& route : host.routes) add(route, depth + 2);
    }
  }

  void add(const model::Route& route, int depth) {
    std::string match = text({route.match.path});
    for (const auto& header : route.match.headers) match += " " + header.name + " " + text({header.value});
    std::string action = "redirect";
    if (const auto* forward = std::get_if<model::Forward>(&route.action)) {
      action = text(forward->clusters);
    } else if (const auto* direct = std::get_if<model::DirectResponse>(&route.action)) {
      action = fmt::format("answer {}", direct->status);
    }
    line(depth, "{} -> {} as {}, from {}", match, action, route.operation, text(route.origin));
  }

  void add(const model::NameTable& table) {
    line(0, "names");
    for (const auto& entry : table.entries) {
      std::vector<std::string> addresses;
      for (const auto& address : entry.addresses) addresses.push_back(address.to_string());
      line(1, "{} [{}] = {}", entry.host, fmt::join(entry.alt_hosts, ", "), fmt::join(addresses, ", "));
    }
  }

  std::string text_;
};

[[nodiscard]] inline std::string describe(const ProxyConfig& config) {
  return Description().of(config);
}

}  // namespace ripstop::translate::testing
