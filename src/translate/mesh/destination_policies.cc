#include "translate/mesh/destination_policies.h"

#include <algorithm>
#include <optional>
#include <ranges>
#include <utility>

#include "translate/names.h"

namespace ripstop::translate {
namespace {

using model::DestinationPolicy;
using model::TrafficPolicy;

bool has_traffic_policy(const DestinationPolicy& policy) {
  return !policy.port_policies.empty() || policy.policy != TrafficPolicy{};
}

void join(DestinationPolicy& first, const DestinationPolicy& later) {
  if (!has_traffic_policy(first)) {
    first.policy = later.policy;
    first.port_policies = later.port_policies;
  }
  for (const model::Subset& subset : later.subsets) {
    const bool is_taken =
        std::ranges::any_of(first.subsets, [&subset](const model::Subset& have) { return have.name == subset.name; });
    if (!is_taken) first.subsets.push_back(subset);
  }
}

// The candidates share a host and a namespace; the first decides which of the others belong to it.
DestinationPolicyRef joined(const std::vector<DestinationPolicyRef>& candidates) {
  if (candidates.size() == 1) return candidates.front();
  DestinationPolicy whole = *candidates.front();
  for (const DestinationPolicyRef& later : candidates | std::views::drop(1)) {
    if (later->export_to == whole.export_to && later->client_selector == whole.client_selector) join(whole, *later);
  }
  return std::make_shared<const DestinationPolicy>(std::move(whole));
}

template <typename T>
void override_with(std::optional<T>& part, const std::optional<T>& stronger) {
  if (stronger) part = stronger;
}

void override_with(TrafficPolicy& policy, const TrafficPolicy& stronger) {
  override_with(policy.load_balancer, stronger.load_balancer);
  override_with(policy.connection_pool, stronger.connection_pool);
  if (stronger.outlier) policy.min_health_percent = stronger.min_health_percent;
  override_with(policy.outlier, stronger.outlier);
  override_with(policy.min_health_percent, stronger.min_health_percent);
  override_with(policy.tls, stronger.tls);
}

void apply(TrafficPolicy& policy, const TrafficPolicy& level, const std::map<uint16_t, TrafficPolicy>& ports,
           uint16_t port) {
  override_with(policy, level);
  if (const auto found = ports.find(port); found != ports.end()) policy = found->second;
}

}  // namespace

DestinationPolicies::DestinationPolicies(const std::vector<DestinationPolicyRef>& policies, std::string root_namespace)
    : root_namespace_(std::move(root_namespace)) {
  for (const DestinationPolicyRef& policy : policies) by_namespace_[policy->ns][policy->host].push_back(policy);
}

DestinationPolicyRef DestinationPolicies::find(const Client& client, const model::Service& service) const {
  const std::vector<std::string> patterns = host_patterns(service.host);
  for (const std::string& ns : {client.ns, service.ns, root_namespace_}) {
    if (DestinationPolicyRef found = find_in(ns, client, patterns)) return found;
  }
  return nullptr;
}

DestinationPolicyRef DestinationPolicies::find_in(const std::string& ns, const Client& client,
                                                  const std::vector<std::string>& patterns) const {
  const auto scope = by_namespace_.find(ns);
  if (scope == by_namespace_.end()) return nullptr;
  for (const std::string& pattern : patterns) {
    const auto found = scope->second.find(pattern);
    if (found == scope->second.end()) continue;
    std::vector<DestinationPolicyRef> for_client;
    std::vector<DestinationPolicyRef> for_all;
    for (const DestinationPolicyRef& policy : found->second) {
      if (!is_exported(policy->export_to, policy->ns, client.ns)) continue;
      if (!policy->client_selector) {
        for_all.push_back(policy);
      } else if (ns == client.ns && model::selects(*policy->client_selector, client.labels)) {
        for_client.push_back(policy);
      }
    }
    if (!for_client.empty()) return joined(for_client);
    if (!for_all.empty()) return joined(for_all);
  }
  return nullptr;
}

TrafficPolicy effective_policy(const DestinationPolicy* policy, const model::Subset* subset, uint16_t port) {
  TrafficPolicy effective;
  if (policy == nullptr) return effective;
  apply(effective, policy->policy, policy->port_policies, port);
  if (subset != nullptr) apply(effective, subset->policy, subset->port_policies, port);
  return effective;
}

}  // namespace ripstop::translate
