// Rows of the tables `resource`, `workload` and `tombstone` as values.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "control/store/record.h"
#include "control/store/sqlite.h"

namespace ripstop::control {

// Selects all columns in the order that the readers expect; conditions follow.
inline constexpr std::string_view kSelectResource =
    "select api_group, kind, ns, name, owner, text, file, line, created, revision, hash from resource ";
inline constexpr std::string_view kSelectWorkload = "select document, revision from workload ";

[[nodiscard]] Resource read_resource(const Statement& row);
Result<model::Workload> read_workload(const Statement& row);

// Binds group, kind, namespace and name.
Statement& bind_key(Statement& statement, const ResourceKey& key);

// Everything whose last change is after `revision`, in order of revision.
Result<std::vector<Change>> read_changes(Database& database, uint64_t revision);

}  // namespace ripstop::control
