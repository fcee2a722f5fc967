#include "dialect/istio/cross_check.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "dialect/istio/host_index.h"
#include "dialect/names.h"
#include "dialect/report.h"

namespace ripstop::dialect::istio {
namespace {

class Checker {
 public:
  Checker(const CrossCheck& input, model::Findings& findings) : input_(input), findings_(findings), hosts_(input) {
    for (const model::DestinationPolicy& policy : input.mesh.destination_policies) {
      auto& names = subsets_[policy.host];
      for (const model::Subset& subset : policy.subsets) names.push_back(subset.name);
    }
  }

  void check_destinations();
  void check_rule_hosts();
  void check_gateways();
  void check_routed_hosts();
  void check_selectors();

 private:
  // One for each resource, so that none floods the findings.
  Report& report(size_t resource) {
    const Resource& one = input_.resources[resource];
    return reports_.try_emplace(resource, one.title(), one.file, findings_).first->second;
  }
  void check_host(size_t resource, const std::string& host, const Place& place);
  void check_subset(const References::ToDestination& reference);
  void check_port(const References::ToDestination& reference);
  [[nodiscard]] std::tuple<int64_t, std::string_view, std::string_view> age(size_t resource) const;

  const CrossCheck& input_;
  model::Findings& findings_;
  HostIndex hosts_;
  std::map<std::string, std::vector<std::string>> subsets_;  // by the host of a DestinationRule
  std::map<size_t, Report> reports_;
};

void Checker::check_host(size_t resource, const std::string& host, const Place& place) {
  if (host.empty() || hosts_.knows(host)) return;
  const auto meant = hosts_.nearest_to(host);
  if (!input_.surroundings.is_complete && !meant && !hosts_.knows_siblings_of(host)) {
    report(resource).note("istio/unknown-host", place, host + " is not among what was given, so it was not checked.");
    return;
  }
  report(resource).warning("istio/unknown-host", place, "No service " + host + " is known.",
                           meant ? "Did you mean \"" + *meant + "\"?"
                                 : "Check the name, start the service, or describe it with a ServiceEntry.");
}

void Checker::check_subset(const References::ToDestination& reference) {
  const auto& [host, subset, port] = reference.destination;
  if (subset.empty()) return;
  std::vector<std::string> names;
  bool has_rule = false;
  const auto take = [&](const std::vector<std::string>& defined) {
    has_rule = true;
    names.insert(names.end(), defined.begin(), defined.end());
  };
  if (const auto exact = subsets_.find(host); exact != subsets_.end()) take(exact->second);
  for (auto rule = subsets_.lower_bound("*"); rule != subsets_.end() && rule->first.starts_with('*'); ++rule) {
    if (covers(rule->first, host)) take(rule->second);
  }
  if (std::ranges::find(names, subset) != names.end()) return;
  if (!has_rule && !input_.surroundings.is_complete) {
    report(reference.resource)
        .note("istio/unknown-subset", reference.subset,
              "No DestinationRule for " + host + " was given, so the subset " + quoted(subset) + " was not checked.");
    return;
  }
  Report& to = report(reference.resource);
  to.warning(
      "istio/unknown-subset", reference.subset,
      "No DestinationRule defines the subset " + quoted(subset) + " of " + host + ", so its requests fail with 503.",
      to.suggest(subset, names, "Add the subset to the DestinationRule of that host."));
}

void Checker::check_port(const References::ToDestination& reference) {
  const auto& destination = reference.destination;
  const auto ports = hosts_.port_count(destination.host);
  if (destination.port || !ports || *ports < 2) return;
  report(reference.resource)
      .note("istio/destination-needs-port", reference.host,
            destination.host + " has " + std::to_string(*ports) +
                " ports and none is chosen, so requests keep the port that the client called.",
            "Write port: {number: …} to choose one.");
}

void Checker::check_destinations() {
  for (const References::ToDestination& reference : input_.references.destinations) {
    check_host(reference.resource, reference.destination.host, reference.host);
    check_subset(reference);
    check_port(reference);
  }
}

void Checker::check_rule_hosts() {
  for (const References::ToHost& reference : input_.references.hosts) {
    check_host(reference.resource, reference.host, reference.place);
  }
}

void Checker::check_gateways() {
  std::set<std::string> known;
  for (const Resource& resource : input_.resources) {
    if (resource.kind == "Gateway") known.insert(resource.ns + "/" + resource.name);
  }
  for (const References::ToGateway& reference : input_.references.gateways) {
    if (known.contains(reference.gateway)) continue;
    report(reference.resource)
        .warning("istio/unknown-gateway", reference.place, "There is no Gateway " + reference.gateway + ".",
                 "Gateways are not honoured yet; write \"mesh\" for requests between services.");
  }
}

// Resources whose age is not known come after those whose age is; equal ones go by name, as in Istio.
std::tuple<int64_t, std::string_view, std::string_view> Checker::age(size_t resource) const {
  const Resource& one = input_.resources[resource];
  return {one.created == 0 ? INT64_MAX : one.created, one.name, one.ns};
}

void Checker::check_routed_hosts() {
  std::map<std::string, std::vector<const References::RoutedHost*>> by_host;
  for (const References::RoutedHost& routed : input_.references.routed_hosts) by_host[routed.host].push_back(&routed);
  for (auto& [host, claims] : by_host) {
    std::ranges::sort(claims, {}, [this](const References::RoutedHost* claim) { return age(claim->resource); });
    const References::RoutedHost& first = *claims.front();
    for (const References::RoutedHost* claim : claims) {
      const Resource& winner = input_.resources[first.resource];
      const bool can_meet = (first.is_public && claim->is_public) || winner.ns == input_.resources[claim->resource].ns;
      if (claim->resource == first.resource || !can_meet) continue;
      report(claim->resource)
          .warning("istio/host-conflict", claim->place,
                   winner.title() + " routes " + host + " already, and is the one that counts.",
                   "Put all rules of a host into one VirtualService.");
    }
  }
}

void Checker::check_selectors() {
  if (!input_.surroundings.is_complete) return;
  for (const References::ToWorkloads& reference : input_.references.selectors) {
    const std::string& ns = input_.resources[reference.resource].ns;
    const auto is_selected = [&](const model::Labels& labels, std::string_view workload_ns) {
      return workload_ns == ns && model::selects(reference.selector, labels);
    };
    const bool has_any =
        std::ranges::any_of(input_.surroundings.workloads,
                            [&](const auto& workload) { return is_selected(workload.labels, workload.ns); }) ||
        std::ranges::any_of(input_.mesh.workloads,
                            [&](const auto& workload) { return is_selected(workload.labels, workload.ns()); });
    if (has_any) continue;
    report(reference.resource)
        .warning("istio/selector-matches-nothing", reference.place,
                 "No workload of the namespace " + ns + " has these labels.",
                 "Check the labels against those of the running workloads.");
  }
}

}  // namespace

void cross_check(const CrossCheck& input, model::Findings& findings) {
  Checker checker(input, findings);
  checker.check_destinations();
  checker.check_rule_hosts();
  checker.check_gateways();
  checker.check_routed_hosts();
  checker.check_selectors();
}

}  // namespace ripstop::dialect::istio
