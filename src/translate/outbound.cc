#include "translate/outbound.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "translate/pass/cluster_pass.h"
#include "translate/pass/endpoint_pass.h"

namespace ripstop::translate {
namespace {

using model::Cluster;
using model::DestinationPolicy;
using model::LoadAssignment;
using model::Service;

template <typename T>
void append(Items<T>& to, const Items<T>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

const std::string& name_of(const LoadAssignment& assignment) {
  return assignment.cluster;
}

template <typename T>
const std::string& name_of(const T& value) {
  return value.name;
}

template <typename T>
bool is_before(const std::shared_ptr<const Item<T>>& left, const std::shared_ptr<const Item<T>>& right) {
  return name_of(**left) < name_of(**right);
}

template <typename T>
void merge_sorted(Items<T>& to, const Items<T>& more) {
  Items<T> both;
  both.reserve(to.size() + more.size());
  std::ranges::merge(to, more, std::back_inserter(both), is_before<T>);
  to = std::move(both);
}

Items<Cluster> cluster_items(const ClusterInput& input) {
  return make_items(make_clusters(input));
}

Items<LoadAssignment> assignment_items(const EndpointInput& input) {
  return make_items(make_assignments(input));
}

Part<DestinationPolicy> policy_for(const DestinationPolicies& policies, const Client& client, const Service& service) {
  DestinationPolicyRef found = policies.find(client, service);
  return found ? make_part(std::move(found)) : Part<DestinationPolicy>{};
}

bool asks_locality(const DestinationPolicy& policy) {
  const auto ejects = [](const model::TrafficPolicy& part) { return part.outlier.has_value(); };
  const auto any_port = [&ejects](const std::map<uint16_t, model::TrafficPolicy>& ports) {
    return std::ranges::any_of(ports, [&ejects](const auto& port) { return ejects(port.second); });
  };
  return ejects(policy.policy) || any_port(policy.port_policies) ||
         std::ranges::any_of(policy.subsets, [&](const model::Subset& subset) {
           return ejects(subset.policy) || any_port(subset.port_policies);
         });
}

std::vector<LoadAssignment> inline_assignments(const ServiceShape& shape, const Part<DestinationPolicy>& policy,
                                               const std::string& cluster_id) {
  if (!shape.dns_members) return {};
  return make_assignments({.service = shape.service,
                           .members = *shape.dns_members,
                           .policy = policy,
                           .client_locality = {},
                           .cluster_id = cluster_id});
}

}  // namespace

Items<Cluster> list_clusters(const OutboundInput& input, Cache& cache) {
  const model::MeshSettings& settings = input.shape->settings;
  const DestinationPolicies policies(input.shape->destination_policies, settings.root_namespace);
  Items<Cluster> clusters = make_items(make_fallback_clusters());
  for (const uint32_t position : *input.visible) {
    const ServiceShape& shape = input.shape->services[position];
    ClusterInput one{.service = shape.service,
                     .port = {},
                     .identities = shape.identities,
                     .policy = policy_for(policies, input.client, *shape.service),
                     .inline_assignments = {},
                     .trust_domain = settings.trust_domain,
                     .profile = input.client.profile};
    one.inline_assignments = inline_assignments(shape, one.policy, settings.cluster_id);
    for (const model::ServicePort& port : shape.service->ports) {
      if (port.protocol == model::AppProtocol::kUdp) continue;
      one.port = port;
      append(clusters, *cache.run(PassId::kCluster, one, cluster_items));
    }
  }
  std::ranges::sort(clusters, is_before<Cluster>);
  return clusters;
}

std::vector<EndpointPlan> plan_endpoints(const OutboundInput& input) {
  const DestinationPolicies policies(input.shape->destination_policies, input.shape->settings.root_namespace);
  std::vector<EndpointPlan> plans;
  for (const uint32_t position : *input.visible) {
    const Service& service = *input.shape->services[position].service;
    if (service.resolution != model::Resolution::kStatic) continue;
    EndpointPlan plan{position, policy_for(policies, input.client, service), false};
    plan.asks_locality = plan.policy && asks_locality(*plan.policy);
    plans.push_back(std::move(plan));
  }
  return plans;
}

Items<LoadAssignment> list_assignments(const EndpointListInput& input, Cache& cache) {
  Items<LoadAssignment> assignments;
  for (const EndpointPlan& plan : *input.plans) {
    const EndpointInput one{.service = input.shape->services[plan.position].service,
                            .members = (*input.members)[plan.position],
                            .policy = plan.policy,
                            .client_locality = plan.asks_locality ? input.client_locality : model::Locality{},
                            .cluster_id = input.shape->settings.cluster_id};
    append(assignments, *cache.run(PassId::kEndpoint, one, assignment_items));
  }
  std::ranges::sort(assignments, is_before<LoadAssignment>);
  return assignments;
}

void add_sorted(Items<Cluster>& to, const Items<Cluster>& more) {
  merge_sorted(to, more);
}

void add_sorted(Items<model::Listener>& to, const Items<model::Listener>& more) {
  merge_sorted(to, more);
}

}  // namespace ripstop::translate
