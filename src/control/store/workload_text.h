// model::Workload as JSON text, for the store and for whoever shows workloads to a person.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/service.h"

namespace ripstop::control {

// The same workload gives the same text. `origin` is left out.
[[nodiscard]] std::string to_json(const model::Workload& workload);

// Strict about types and ranges; unknown fields are passed over, so that an older program can read what a newer one
// wrote.
[[nodiscard]] Result<model::Workload> workload_from_json(std::string_view text);

}  // namespace ripstop::control
