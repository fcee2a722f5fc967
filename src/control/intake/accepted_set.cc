#include "control/intake/accepted_set.h"

namespace ripstop::control {
namespace {

dialect::Surroundings surroundings_of(const Workloads& workloads, const model::MeshSettings& settings) {
  dialect::Surroundings surroundings;
  surroundings.services = implicit_services(workloads, settings.dns_domain);
  for (const auto& [id, workload] : workloads) surroundings.workloads.push_back({workload.ns(), workload.labels});
  surroundings.is_complete = true;
  return surroundings;
}

}  // namespace

ResourceKey key_of(const dialect::Resource& resource) {
  return {std::string(resource.group()), resource.kind, resource.ns, resource.name};
}

bool is_kept(const dialect::Resource& resource) {
  const dialect::Kind* kind = dialect::find_kind(resource.group(), resource.kind);
  return kind != nullptr && kind->support != dialect::Support::kBystander;
}

model::Findings Judgement::about(const std::set<std::string>& titles) const {
  model::Findings chosen;
  for (const model::Finding& finding : findings) {
    if (titles.contains(finding.resource)) chosen.push_back(finding);
  }
  return chosen;
}

Judgement judge(const AcceptedSet& set, const Workloads& workloads, const model::MeshSettings& settings) {
  std::vector<dialect::Resource> resources;
  std::vector<const ResourceKey*> keys;
  resources.reserve(set.size());
  keys.reserve(set.size());
  for (const auto& [key, accepted] : set) {
    keys.push_back(&key);
    resources.push_back(accepted.resource);
  }
  dialect::Compiled compiled = dialect::compile(resources, settings, surroundings_of(workloads, settings));
  Judgement judgement{.mesh = std::move(compiled.mesh), .findings = std::move(compiled.findings), .refused = {}};
  for (size_t i = 0; i < keys.size(); ++i) {
    if (compiled.refused[i]) judgement.refused.insert(*keys[i]);
  }
  return judgement;
}

}  // namespace ripstop::control
