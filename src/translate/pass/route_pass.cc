#include "translate/pass/route_pass.h"

#include <fmt/format.h>

#include <optional>
#include <set>
#include <utility>

#include "translate/mesh/rule_binding.h"
#include "translate/names.h"
#include "translate/pass/route_actions.h"

namespace ripstop::translate {
namespace {

using model::Route;
using model::VirtualHost;

class TableBuilder {
 public:
  explicit TableBuilder(const RouteInput& input) : input_(input) { table_.name = std::to_string(input.port); }

  model::RouteTable build() {
    // Full names first: a short form must never take a domain from the host that is really called so.
    std::vector<VirtualHost> hosts(input_.hosts.size());
    for (size_t index = 0; index < hosts.size(); ++index) claim_full_names(input_.hosts[index], hosts[index]);
    for (size_t index = 0; index < hosts.size(); ++index) claim_other_names(input_.hosts[index], hosts[index]);
    for (size_t index = 0; index < hosts.size(); ++index) {
      if (hosts[index].domains.empty()) continue;
      hosts[index].name = fmt::format("{}:{}", input_.hosts[index].host, input_.port);
      fill(input_.hosts[index], hosts[index]);
      table_.virtual_hosts.push_back(std::move(hosts[index]));
    }
    add_unknown_hosts();
    return std::move(table_);
  }

 private:
  void claim(const std::string& domain, VirtualHost& host) {
    for (std::string form : {domain, fmt::format("{}:{}", domain, input_.port)}) {
      if (form == "*" || form.starts_with("*:")) form = "*";
      if (claimed_.insert(form).second) host.domains.push_back(std::move(form));
    }
  }

  void claim_full_names(const RoutedHost& routed, VirtualHost& host) {
    claim(routed.host, host);
    if (routed.host != "*") claim(routed.host + ".", host);
  }

  void claim_other_names(const RoutedHost& routed, VirtualHost& host) {
    if (!routed.name.empty()) {
      if (routed.ns == input_.client.ns) claim(routed.name, host);
      claim(routed.name + "." + routed.ns, host);
      claim(routed.name + "." + routed.ns + ".svc", host);
    }
    for (const IpAddress& address : routed.addresses) {
      claim(address.is_v4() ? address.to_string() : "[" + address.to_string() + "]", host);
    }
  }

  void fill(const RoutedHost& routed, VirtualHost& host) {
    host.retry = default_outbound_retry();
    host.include_attempt_count = true;
    const bool is_complete = routed.rules && add_rules(*routed.rules, host);
    const bool falls_through = !routed.rules || routed.rules->on_no_match == model::OnNoMatch::kToService;
    if (!is_complete && falls_through && routed.is_service) host.routes.push_back(default_route(routed));
  }

  // True when one of the routes takes every request, so that none can follow.
  bool add_rules(const model::HttpRoutes& rules, VirtualHost& host) {
    for (const model::HttpRule& rule : rules.rules) {
      const Route route = without_match(rule, rules);
      if (rule.conditions.empty()) {
        host.routes.push_back(route);
        return true;
      }
      for (const auto& condition : rule.conditions) {
        if (!is_in_scope(condition.scope, input_.client, input_.port)) continue;
        host.routes.push_back(route);
        host.routes.back().match = condition.match;
        if (takes_everything(condition.match)) return true;
      }
    }
    return false;
  }

  [[nodiscard]] Route without_match(const model::HttpRule& rule, const model::HttpRoutes& rules) const {
    Route route;
    route.name = rule.name;
    route.action = route_action(rule, {input_.port, input_.only_ports});
    route.request_headers = rule.request_headers;
    route.response_headers = rule.response_headers;
    route.fault = rule.fault;
    route.origin = rule.origin ? rule.origin : rules.origin;
    route.operation = operation(rule, rules);
    return route;
  }

  // One destination gives the operation its name, a split the rules that made it.
  [[nodiscard]] std::string operation(const model::HttpRule& rule, const model::HttpRoutes& rules) const {
    const auto* forward = std::get_if<model::ForwardToServices>(&rule.action);
    if (forward != nullptr && forward->destinations.size() == 1) {
      return fmt::format("{}:{}/*", forward->destinations.front().destination.host, input_.port);
    }
    return fmt::format("{}:{}/*", rules.origin ? rules.origin->name : std::string(), input_.port);
  }

  [[nodiscard]] Route default_route(const RoutedHost& routed) const {
    Route route;
    route.name = "default";
    model::Forward forward;
    forward.clusters.push_back({.cluster = outbound_cluster_name(input_.port, "", routed.host)});
    forward.grpc_timeout_max = Duration::zero();
    route.action = std::move(forward);
    route.operation = fmt::format("{}:{}/*", routed.host, input_.port);
    route.origin = routed.origin;
    return route;
  }

  void add_unknown_hosts() {
    if (!claimed_.insert("*").second) return;
    VirtualHost host;
    host.domains = {"*"};
    host.include_attempt_count = true;
    Route route;
    if (input_.registry_only) {
      host.name = "block_all";
      route.action = model::DirectResponse{.status = 502, .body = {}};
    } else {
      host.name = "allow_any";
      model::Forward forward;
      forward.clusters.push_back({.cluster = std::string(kPassthroughCluster)});
      forward.grpc_timeout_max = Duration::zero();
      route.action = std::move(forward);
    }
    route.name = host.name;
    route.origin = mesh_default(host.name);
    host.routes.push_back(std::move(route));
    table_.virtual_hosts.push_back(std::move(host));
  }

  const RouteInput& input_;
  model::RouteTable table_;
  std::set<std::string> claimed_;
};

}  // namespace

model::RouteTable make_route_table(const RouteInput& input) {
  return TableBuilder(input).build();
}

model::RetryPolicy default_outbound_retry() {
  using model::RetryOn;
  model::RetryPolicy retry;
  retry.retries = 2;
  retry.on = RetryOn::kConnectFailure | RetryOn::kRefusedStream | RetryOn::kGrpcUnavailable | RetryOn::kGrpcCancelled |
             RetryOn::kRetriableStatusCodes;
  retry.avoid_previous_hosts = true;
  retry.host_selection_attempts = 5;
  return retry;
}

}  // namespace ripstop::translate
