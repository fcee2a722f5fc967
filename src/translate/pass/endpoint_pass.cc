#include "translate/pass/endpoint_pass.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "translate/names.h"
#include "translate/pass/cluster_pass.h"

namespace ripstop::translate {
namespace {

using model::Endpoint;
using model::Locality;
using model::LocalityEndpoints;
using model::ServicePort;

struct Candidate {
  Endpoint endpoint;
  const model::Labels* labels;
  const Locality* locality;
};

bool is_resolved_by_name(const model::Service& service) {
  return service.resolution == model::Resolution::kDns || service.resolution == model::Resolution::kDnsRoundRobin;
}

// False when the address is a host name and the service does not resolve names, or when there is none.
bool set_address(Endpoint& endpoint, const std::string& address, uint16_t port, bool may_resolve) {
  endpoint.address.port = port;
  if (const auto ip = IpAddress::parse(address)) {
    endpoint.address.ip = *ip;
    return true;
  }
  if (!may_resolve || address.empty() || address.starts_with("unix:")) return false;
  endpoint.hostname = address;
  return true;
}

uint16_t target_port(const model::Workload& workload, const ServicePort& port) {
  if (const auto named = workload.port_names.find(port.name); named != workload.port_names.end()) return named->second;
  return port.target_port != 0 ? port.target_port : port.number;
}

std::optional<Candidate> from_member(const EndpointInput& input, const Member& member, const ServicePort& port) {
  const model::Workload& workload = *member.workload;
  if (!workload.is_ready) return std::nullopt;
  const uint16_t application_port = target_port(workload, port);
  Candidate candidate{{}, &workload.labels, &workload.locality};
  Endpoint& endpoint = candidate.endpoint;
  if (workload.inbound.empty()) {
    const bool may_resolve = is_resolved_by_name(*input.service);
    if (!set_address(endpoint, workload.address, application_port, may_resolve)) return std::nullopt;
  } else {
    const auto listening = workload.inbound.find(application_port);
    if (listening == workload.inbound.end()) return std::nullopt;
    endpoint.address = listening->second;
  }
  endpoint.weight = workload.weight;
  endpoint.takes_mtls = workload.has_proxy && !input.service->is_external &&
                        member.mtls.at(application_port) != model::MtlsMode::kDisable;
  endpoint.labels = model::peer_labels(workload, input.cluster_id);
  return candidate;
}

// Who has an identity of the mesh takes its TLS, unless the label says otherwise.
bool takes_mtls(const model::ServiceEndpoint& written) {
  const auto mode = written.labels.find("security.istio.io/tlsMode");
  return mode == written.labels.end() ? !written.service_account.empty() : mode->second == "istio";
}

std::optional<Candidate> from_written(const EndpointInput& input, const model::ServiceEndpoint& written,
                                      const ServicePort& port) {
  Candidate candidate{{}, &written.labels, &written.locality};
  Endpoint& endpoint = candidate.endpoint;
  uint16_t number = port.target_port != 0 ? port.target_port : port.number;
  if (const auto named = written.ports.find(port.name); named != written.ports.end()) number = named->second;
  if (!set_address(endpoint, written.address, number, is_resolved_by_name(*input.service))) return std::nullopt;
  endpoint.weight = written.weight;
  endpoint.takes_mtls = !input.service->is_external && takes_mtls(written);

  const model::Service& service = *input.service;
  model::Workload stand_in;
  stand_in.name = service.name.empty() ? service.host : service.name;
  stand_in.identity.ns = service.ns;
  stand_in.labels = written.labels;
  endpoint.labels = model::peer_labels(stand_in, input.cluster_id);
  endpoint.labels.workload.clear();
  endpoint.labels.principal.clear();
  return candidate;
}

std::vector<Candidate> candidates_for(const EndpointInput& input, const ServicePort& port) {
  std::vector<Candidate> candidates;
  for (const Member& member : *input.members) {
    if (auto candidate = from_member(input, member, port)) candidates.push_back(std::move(*candidate));
  }
  for (const model::ServiceEndpoint& written : input.service->endpoints) {
    if (auto candidate = from_written(input, written, port)) candidates.push_back(std::move(*candidate));
  }
  return candidates;
}

uint32_t distance(const Locality& client, const Locality& endpoint) {
  if (client.region != endpoint.region) return 3;
  if (client.zone != endpoint.zone) return 2;
  return client.sub_zone != endpoint.sub_zone ? 1 : 0;
}

void set_priorities(std::vector<LocalityEndpoints>& localities, const Locality& client) {
  std::set<uint32_t> distances;
  for (const LocalityEndpoints& group : localities) distances.insert(distance(client, group.locality));
  for (LocalityEndpoints& group : localities) {
    const auto own = distances.find(distance(client, group.locality));
    group.priority = static_cast<uint32_t>(std::distance(distances.begin(), own));
  }
  std::ranges::sort(localities, [](const LocalityEndpoints& left, const LocalityEndpoints& right) {
    return std::tie(left.priority, left.locality) < std::tie(right.priority, right.locality);
  });
}

// A policy may send one subset or port to the original destination, past the endpoints.
bool needs_assignment(const EndpointInput& input, const ServicePort& port, const model::Subset* subset) {
  return is_resolved_by_name(*input.service) ||
         uses_eds(*input.service, effective_policy(input.policy.value.get(), subset, port.number));
}

model::LoadAssignment make_assignment(const EndpointInput& input, const std::vector<Candidate>& candidates,
                                      const ServicePort& port, const model::Subset* subset) {
  std::map<Locality, LocalityEndpoints> by_locality;
  for (const Candidate& candidate : candidates) {
    if (subset != nullptr && !model::selects(subset->labels, *candidate.labels)) continue;
    LocalityEndpoints& group = by_locality[*candidate.locality];
    group.locality = *candidate.locality;
    group.endpoints.push_back(candidate.endpoint);
  }
  model::LoadAssignment assignment;
  assignment.cluster = outbound_cluster_name(port.number, subset == nullptr ? "" : subset->name, input.service->host);
  for (auto& [locality, group] : by_locality) {
    std::ranges::sort(group.endpoints, [](const Endpoint& left, const Endpoint& right) {
      return std::tie(left.address, left.hostname, left.labels.workload) <
             std::tie(right.address, right.hostname, right.labels.workload);
    });
    assignment.localities.push_back(std::move(group));
  }
  if (effective_policy(input.policy.value.get(), subset, port.number).outlier &&
      !input.client_locality.region.empty()) {
    set_priorities(assignment.localities, input.client_locality);
  }
  return assignment;
}

// A name that stands for itself: no endpoints written and none to be found by selector.
void add_own_name(const EndpointInput& input, const ServicePort& port, std::vector<Candidate>& candidates) {
  const model::Service& service = *input.service;
  if (!is_resolved_by_name(service) || !service.endpoints.empty() || service.selector) return;
  static const model::Labels no_labels;
  static const Locality nowhere;
  Candidate own{{}, &no_labels, &nowhere};
  if (service.host.starts_with('*') || !set_address(own.endpoint, service.host, port.number, true)) return;
  own.endpoint.labels.ns = service.ns;
  own.endpoint.labels.canonical_service = service.name.empty() ? service.host : service.name;
  own.endpoint.labels.cluster = input.cluster_id;
  candidates.push_back(std::move(own));
}

}  // namespace

std::vector<model::LoadAssignment> make_assignments(const EndpointInput& input) {
  std::vector<const model::Subset*> subsets{nullptr};
  if (input.policy) {
    for (const model::Subset& subset : input.policy->subsets) subsets.push_back(&subset);
  }
  std::vector<model::LoadAssignment> assignments;
  for (const ServicePort& port : input.service->ports) {
    if (port.protocol == model::AppProtocol::kUdp) continue;
    std::vector<Candidate> candidates = candidates_for(input, port);
    add_own_name(input, port, candidates);
    for (const model::Subset* subset : subsets) {
      if (needs_assignment(input, port, subset)) {
        assignments.push_back(make_assignment(input, candidates, port, subset));
      }
    }
  }
  return assignments;
}

}  // namespace ripstop::translate
