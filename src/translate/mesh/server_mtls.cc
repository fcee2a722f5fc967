#include "translate/mesh/server_mtls.h"

#include <algorithm>
#include <utility>

#include "translate/mesh/age.h"

namespace ripstop::translate {
namespace {

using model::MtlsMode;

MtlsMode or_else(MtlsMode mode, MtlsMode inherited) {
  return mode == MtlsMode::kUnset ? inherited : mode;
}

}  // namespace

ServerMtlsTable::ServerMtlsTable(const std::vector<model::ServerMtls>& policies, std::string root_namespace)
    : root_namespace_(std::move(root_namespace)) {
  for (const auto& policy : oldest_first(policies)) {
    Scope& scope = scopes_[policy->ns];
    if (!policy->selector || policy->selector->empty()) {
      scope.whole = or_else(scope.whole, policy->mode);
    } else if (policy->ns != root_namespace_) {
      scope.by_selector.push_back(*policy);
    }
  }
}

EffectiveMtls ServerMtlsTable::of(const std::string& ns, const model::Labels& labels) const {
  EffectiveMtls effective;
  if (const auto root = scopes_.find(root_namespace_); root != scopes_.end()) {
    effective.mode = or_else(root->second.whole, effective.mode);
  }
  const auto own = scopes_.find(ns);
  if (own == scopes_.end()) return effective;
  effective.mode = or_else(own->second.whole, effective.mode);
  const auto& selected = own->second.by_selector;
  const auto found = std::ranges::find_if(
      selected, [&labels](const model::ServerMtls& policy) { return model::selects(*policy.selector, labels); });
  if (found == selected.end()) return effective;
  effective.mode = or_else(found->mode, effective.mode);
  for (const auto& [port, mode] : found->port_modes) {
    if (or_else(mode, effective.mode) != effective.mode) effective.port_modes.emplace(port, mode);
  }
  return effective;
}

}  // namespace ripstop::translate
