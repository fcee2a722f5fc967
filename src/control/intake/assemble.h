// The last step before a snapshot: configuration and workloads become one mesh.
#pragma once

#include <memory>

#include "base/result.h"
#include "control/intake/implicit_service.h"
#include "control/store/address_table.h"
#include "model/snapshot.h"

namespace ripstop::control {

// `configured` with the registered workloads, their implicit services (a written service of the same host wins) and
// virtual addresses for every service that has a plain host name, no address of its own and is not passed through to
// its original destination. The revision is left 0. Fails only when addresses cannot be had.
Result<std::shared_ptr<model::Snapshot>> assemble(const model::MeshSettings& settings,
                                                  const model::MeshConfig& configured, const Workloads& workloads,
                                                  AddressTable addresses);

}  // namespace ripstop::control
