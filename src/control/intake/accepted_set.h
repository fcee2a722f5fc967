// The resources that are in force, parsed, and what the dialects make of them together.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "control/intake/implicit_service.h"
#include "control/store/record.h"
#include "dialect/dialect.h"
#include "model/finding.h"
#include "model/snapshot.h"

namespace ripstop::control {

struct Accepted {
  dialect::Resource resource;  // parsed; its text is left to the store, unless it is new
  Owner owner = Owner::kApi;
};
using AcceptedSet = std::map<ResourceKey, Accepted>;

[[nodiscard]] ResourceKey key_of(const dialect::Resource& resource);

// Whether the mesh keeps resources of this kind. What belongs to the platform (Deployments, Secrets) or to nobody that
// is known is mentioned in a finding and forgotten.
[[nodiscard]] bool is_kept(const dialect::Resource& resource);

struct Judgement {
  model::MeshConfig mesh;  // of all that was not refused
  model::Findings findings;
  std::set<ResourceKey> refused;

  // The findings about the given resources.
  [[nodiscard]] model::Findings about(const std::set<std::string>& titles) const;
};

// Compiles the set as the whole mesh. Parsed trees are shared, so only meaning is worked out again, not text.
[[nodiscard]] Judgement judge(const AcceptedSet& set, const Workloads& workloads, const model::MeshSettings& settings);

}  // namespace ripstop::control
