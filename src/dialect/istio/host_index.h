// The services that are known, by host, for the checking of references.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "dialect/istio/cross_check.h"

namespace ripstop::dialect::istio {

class HostIndex {
 public:
  // From ServiceEntries, from Services of Kubernetes among the resources, and from the surroundings.
  explicit HostIndex(const CrossCheck& input);

  // `host` may start with "*"; then any known host under it counts.
  [[nodiscard]] bool knows(const std::string& host) const;
  // Nullopt when unknown.
  [[nodiscard]] std::optional<size_t> port_count(const std::string& host) const;
  // A known host that was probably meant. Only in namespaces of a size that people can survey.
  [[nodiscard]] std::optional<std::string> nearest_to(std::string_view host) const;
  // Whether anything is known about the services of the namespace that `host` names.
  [[nodiscard]] bool knows_siblings_of(std::string_view host) const;

 private:
  void add(const model::Service& service);
  void add_kubernetes_service(const Resource& resource, const std::string& dns_domain);

  std::map<std::string, size_t, std::less<>> exact_;  // host -> ports
  std::set<std::string, std::less<>> wildcards_;      // "*.example.com"
  // The first labels of the exact hosts, by what follows their first dot.
  std::map<std::string, std::vector<std::string>, std::less<>> labels_;
};

}  // namespace ripstop::dialect::istio
