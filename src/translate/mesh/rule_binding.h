// Which routing rules a client obeys for a host. One resource per host: those private to the client's namespace come
// first, then those exported to it by name, then those for everyone; the oldest first in each; later ones that claim
// the same host are not heard. A service takes the resource of its most specific pattern.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/mesh_route.h"
#include "translate/mesh/destination_policies.h"
#include "translate/names.h"

namespace ripstop::translate {

// T is model::HttpRoutes or model::L4Routes.
template <typename T>
class RuleBinding {
 public:
  // `rules` oldest first.
  RuleBinding(const std::vector<std::shared_ptr<const T>>& rules, std::string_view client_ns) {
    for (const int wanted : {0, 1, 2}) {
      for (const auto& rule : rules) {
        if (distance(*rule, client_ns) != wanted || !applies_to_mesh(rule->gateways)) continue;
        if (!is_exported(rule->export_to, rule->ns, client_ns)) continue;
        for (const std::string& host : rule->hosts) by_pattern_.try_emplace(host, rule);
      }
    }
  }

  // Null when no rule speaks of the host.
  [[nodiscard]] std::shared_ptr<const T> find(std::string_view host) const {
    for (const std::string& pattern : host_patterns(host)) {
      if (const auto found = by_pattern_.find(pattern); found != by_pattern_.end()) return found->second;
    }
    return nullptr;
  }

  [[nodiscard]] const std::map<std::string, std::shared_ptr<const T>, std::less<>>& by_pattern() const {
    return by_pattern_;
  }

 private:
  static int distance(const T& rule, std::string_view client_ns) {
    const auto& to = rule.export_to;
    const auto names = [&to](std::string_view name) { return std::ranges::find(to, name) != to.end(); };
    if (to.empty() || names("*")) return 2;
    return rule.ns == client_ns ? 0 : 1;
  }

  std::map<std::string, std::shared_ptr<const T>, std::less<>> by_pattern_;
};

// Does the condition hold for this client's calls to this port?
[[nodiscard]] inline bool is_in_scope(const model::ClientScope& scope, const Client& client, uint16_t port) {
  return (scope.source_namespace.empty() || scope.source_namespace == client.ns) &&
         (!scope.port || *scope.port == port) && applies_to_mesh(scope.gateways) &&
         model::selects(scope.source_labels, client.labels);
}

}  // namespace ripstop::translate
