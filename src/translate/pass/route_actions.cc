#include "translate/pass/route_actions.h"

#include <algorithm>
#include <variant>

#include "translate/names.h"

namespace ripstop::translate {
namespace {

model::RouteAction forward(const model::ForwardToServices& rule, const CalledPort& called) {
  model::Forward action = rule.settings;
  action.clusters = weighted_clusters(rule.destinations, called);
  if (action.clusters.empty()) return model::DirectResponse{.status = 500, .body = "the route has no destination"};
  for (const model::MirrorDestination& mirror : rule.mirrors) {
    if (mirror.per_million == 0) continue;
    action.mirrors.push_back({cluster_of(mirror.destination, called), mirror.per_million});
  }
  return action;
}

}  // namespace

std::string cluster_of(const model::Destination& destination, const CalledPort& called) {
  uint16_t port = destination.port.value_or(called.number);
  if (const auto only = called.only_ports.find(destination.host);
      !destination.port && only != called.only_ports.end()) {
    port = only->second;
  }
  return outbound_cluster_name(port, destination.subset, destination.host);
}

std::vector<model::WeightedCluster> weighted_clusters(const std::vector<model::WeightedDestination>& destinations,
                                                      const CalledPort& called) {
  const bool is_weighted =
      std::ranges::any_of(destinations, [](const model::WeightedDestination& to) { return to.weight != 0; });
  std::vector<model::WeightedCluster> clusters;
  for (const model::WeightedDestination& to : destinations) {
    if (is_weighted && to.weight == 0) continue;
    clusters.push_back({.cluster = cluster_of(to.destination, called),
                        .weight = is_weighted ? to.weight : 1,
                        .request_headers = to.request_headers,
                        .response_headers = to.response_headers,
                        .host_rewrite = to.host_rewrite});
  }
  if (clusters.size() == 1) clusters.front().weight = 1;
  return clusters;
}

model::RouteAction route_action(const model::HttpRule& rule, const CalledPort& called) {
  if (const auto* to_services = std::get_if<model::ForwardToServices>(&rule.action)) {
    model::RouteAction action = forward(*to_services, called);
    // Where nobody set a time-out a gRPC caller's own deadline holds, as in Istio.
    auto* chosen = std::get_if<model::Forward>(&action);
    if (chosen != nullptr && !chosen->timeout) chosen->grpc_timeout_max = Duration::zero();
    return action;
  }
  if (const auto* redirect = std::get_if<model::Redirect>(&rule.action)) return *redirect;
  return std::get<model::DirectResponse>(rule.action);
}

bool takes_everything(const model::RouteMatch& match) {
  const bool any_path =
      ((match.path.kind == model::MatchKind::kPrefix || match.path.kind == model::MatchKind::kSegmentPrefix) &&
       match.path.text == "/") ||
      (match.path.kind == model::MatchKind::kRegex && match.path.text == ".*") ||
      match.path.kind == model::MatchKind::kPresent;
  return any_path && !match.method && !match.authority && !match.scheme && match.headers.empty() &&
         match.query.empty() && !match.is_grpc_only;
}

}  // namespace ripstop::translate
