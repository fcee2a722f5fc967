#include "translate/mesh/mesh_index.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

#include "translate/mesh/age.h"

namespace ripstop::translate {
namespace {

using model::Service;
using model::Workload;

// Workloads of a namespace by each of their labels, so that a selector looks only at those that have its rarest pair.
class WorkloadsByLabel {
 public:
  WorkloadsByLabel(const model::SnapshotRef& snapshot, const ServerMtlsTable& mtls) {
    for (const Workload& workload : snapshot->mesh.workloads) {
      Member member{std::shared_ptr<const Workload>(snapshot, &workload), mtls.of(workload.ns(), workload.labels)};
      Namespace& ns = namespaces_[workload.ns()];
      for (const auto& label : workload.labels) ns.by_label[label].push_back(ns.all.size());
      ns.all.push_back(std::move(member));
    }
  }

  [[nodiscard]] Members behind(const Service& service) const {
    const auto ns = namespaces_.find(service.ns);
    // An empty selector of a service selects nothing, unlike one of a policy.
    if (!service.selector || service.selector->empty() || ns == namespaces_.end()) return {};
    Members members;
    for (const size_t position : candidates(ns->second, *service.selector)) {
      const Member& member = ns->second.all[position];
      if (model::selects(*service.selector, member.workload->labels)) members.push_back(member);
    }
    std::ranges::sort(members, {}, [](const Member& member) { return std::string_view(member.workload->id); });
    return members;
  }

 private:
  using Label = std::pair<const std::string, std::string>;
  struct Namespace {
    Members all;
    std::map<std::pair<std::string, std::string>, std::vector<size_t>> by_label;
  };

  static std::vector<size_t> candidates(const Namespace& ns, const model::Labels& selector) {
    const std::vector<size_t>* fewest = nullptr;
    for (const auto& label : selector) {
      const auto found = ns.by_label.find(label);
      if (found == ns.by_label.end()) return {};
      if (fewest == nullptr || found->second.size() < fewest->size()) fewest = &found->second;
    }
    return *fewest;
  }

  std::map<std::string, Namespace> namespaces_;
};

std::vector<std::string> identities_of(const Service& service, const Members& members,
                                       const std::string& trust_domain) {
  std::vector<std::string> names = service.subject_alt_names;
  for (const Member& member : members) {
    if (member.workload->has_proxy) names.push_back(member.workload->identity.to_string());
  }
  for (const model::ServiceEndpoint& endpoint : service.endpoints) {
    if (endpoint.service_account.empty()) continue;
    names.push_back(model::Identity{trust_domain, service.ns, endpoint.service_account}.to_string());
  }
  std::ranges::sort(names);
  const auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());
  return names;
}

bool holds_endpoints_in_cluster(const Service& service) {
  return service.resolution == model::Resolution::kDns || service.resolution == model::Resolution::kDnsRoundRobin;
}

std::vector<std::shared_ptr<const Service>> sorted_services(const model::SnapshotRef& snapshot) {
  std::vector<std::shared_ptr<const Service>> services;
  for (const Service& service : snapshot->mesh.services) services.emplace_back(snapshot, &service);
  std::ranges::sort(services, [](const auto& left, const auto& right) {
    const auto before = std::tie(left->host, left->ns) <=> std::tie(right->host, right->ns);
    return before == 0 ? fingerprint(*left) < fingerprint(*right) : before < 0;
  });
  return services;
}

template <typename Conditions>
void add_label_keys(const Conditions& conditions, std::set<std::string>& keys) {
  for (const auto& condition : conditions) {
    for (const auto& [key, value] : condition.scope.source_labels) keys.insert(key);
  }
}

std::set<std::string> label_keys(const model::MeshConfig& mesh) {
  std::set<std::string> keys;
  for (const auto& routes : mesh.http_routes) {
    for (const auto& rule : routes.rules) add_label_keys(rule.conditions, keys);
  }
  for (const auto& routes : mesh.l4_routes) {
    for (const auto& rule : routes.rules) add_label_keys(rule.conditions, keys);
  }
  for (const auto& policy : mesh.destination_policies) {
    if (!policy.client_selector) continue;
    for (const auto& [key, value] : *policy.client_selector) keys.insert(key);
  }
  return keys;
}

}  // namespace

MeshIndex make_index(model::SnapshotRef snapshot) {
  const model::MeshConfig& mesh = snapshot->mesh;
  const model::MeshSettings& settings = snapshot->settings;
  ServerMtlsTable server_mtls(mesh.server_mtls, settings.root_namespace);
  const WorkloadsByLabel workloads(snapshot, server_mtls);

  MeshShape shape{.settings = settings,
                  .services = {},
                  .http_routes = oldest_first(mesh.http_routes),
                  .l4_routes = oldest_first(mesh.l4_routes),
                  .destination_policies = oldest_first(mesh.destination_policies)};
  std::vector<Part<Members>> members;
  for (auto& service : sorted_services(snapshot)) {
    Part<Members> behind = make_part(workloads.behind(*service));
    auto identities = make_part(identities_of(*service, *behind, settings.trust_domain));
    ServiceShape one{make_part(service), std::move(identities), std::nullopt};
    if (holds_endpoints_in_cluster(*service)) one.dns_members = behind;
    shape.services.push_back(std::move(one));
    members.push_back(std::move(behind));
  }
  std::set<std::string> keys = label_keys(mesh);
  return {std::move(snapshot), make_part(std::move(shape)), make_part(std::move(members)), std::move(server_mtls),
          std::move(keys)};
}

}  // namespace ripstop::translate
