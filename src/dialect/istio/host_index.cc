#include "dialect/istio/host_index.h"

#include <algorithm>

#include "base/text.h"
#include "dialect/document.h"
#include "dialect/names.h"

namespace ripstop::dialect::istio {
namespace {

std::string_view domain_of(std::string_view host) {
  const size_t dot = host.find('.');
  return dot == std::string_view::npos ? std::string_view() : host.substr(dot + 1);
}

constexpr size_t kMaxCandidates = 500;

}  // namespace

HostIndex::HostIndex(const CrossCheck& input) {
  for (const model::Service& service : input.mesh.services) add(service);
  for (const model::Service& service : input.surroundings.services) add(service);
  for (const Resource& resource : input.resources) {
    if (resource.kind == "Service" && resource.group().empty()) {
      add_kubernetes_service(resource, input.settings.dns_domain);
    }
  }
}

void HostIndex::add(const model::Service& service) {
  if (service.host.starts_with('*')) {
    wildcards_.insert(service.host);
    return;
  }
  if (!exact_.try_emplace(service.host, service.ports.size()).second) return;
  labels_[std::string(domain_of(service.host))].push_back(service.host.substr(0, service.host.find('.')));
}

void HostIndex::add_kubernetes_service(const Resource& resource, const std::string& dns_domain) {
  if (resource.name.empty()) return;
  model::Service service;
  service.host = qualified_host(resource.name, resource.ns, dns_domain);
  const Node* spec = resource.tree == nullptr ? nullptr : resource.tree->find("spec");
  const Node* ports = spec == nullptr ? nullptr : spec->find("ports");
  service.ports.resize(ports == nullptr ? 0 : ports->items.size());
  add(service);
}

bool HostIndex::knows(const std::string& host) const {
  if (exact_.contains(host) || wildcards_.contains(host)) return true;
  if (host.starts_with('*')) {
    return std::ranges::any_of(exact_, [&host](const auto& known) { return covers(host, known.first); });
  }
  return std::ranges::any_of(wildcards_, [&host](const std::string& pattern) { return covers(pattern, host); });
}

std::optional<size_t> HostIndex::port_count(const std::string& host) const {
  const auto found = exact_.find(host);
  return found == exact_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::string> HostIndex::nearest_to(std::string_view host) const {
  const auto siblings = labels_.find(domain_of(host));
  if (siblings == labels_.end() || siblings->second.size() > kMaxCandidates) return std::nullopt;
  // Only the first label is compared: the rest is the same, and would make anything look alike.
  const auto found = nearest(host.substr(0, host.find('.')), siblings->second);
  return found ? std::optional(*found + "." + siblings->first) : std::nullopt;
}

bool HostIndex::knows_siblings_of(std::string_view host) const {
  return labels_.contains(domain_of(host));
}

}  // namespace ripstop::dialect::istio
