// Findings that concern several resources together, in the spirit of istioctl's analyzers. Never errors: what is
// missing may arrive later, and the order of arrival must not matter.
#pragma once

#include <span>

#include "dialect/dialect.h"
#include "dialect/istio/references.h"
#include "model/finding.h"
#include "model/snapshot.h"

namespace ripstop::dialect::istio {

// `references` index into `resources`; `mesh` is what the resources that were taken give.
struct CrossCheck {
  std::span<const Resource> resources;
  const model::MeshSettings& settings;
  const Surroundings& surroundings;
  const model::MeshConfig& mesh;
  const References& references;
};

void cross_check(const CrossCheck& input, model::Findings& findings);

}  // namespace ripstop::dialect::istio
