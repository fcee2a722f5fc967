#include "control/store/rows.h"

#include <algorithm>

#include "control/store/workload_text.h"

namespace ripstop::control {
namespace {

Result<Statement> after(Database& database, std::string_view select, uint64_t revision) {
  Result<Statement> statement = database.prepare(std::string(select) + "where revision > ?");
  if (statement) statement->bind(static_cast<int64_t>(revision));
  return statement;
}

Status add_resources(Database& database, uint64_t revision, std::vector<Change>& changes) {
  Result<Statement> row = after(database, kSelectResource, revision);
  if (!row) return fail_with(row);
  while (true) {
    const Result<bool> found = row->step();
    if (!found) return std::unexpected(found.error());
    if (!*found) return {};
    Resource resource = read_resource(*row);
    const uint64_t at = resource.revision;
    changes.push_back({at, std::move(resource)});
  }
}

Status add_workloads(Database& database, uint64_t revision, std::vector<Change>& changes) {
  Result<Statement> row = after(database, kSelectWorkload, revision);
  if (!row) return fail_with(row);
  while (true) {
    const Result<bool> found = row->step();
    if (!found) return std::unexpected(found.error());
    if (!*found) return {};
    Result<model::Workload> workload = read_workload(*row);
    if (!workload) return fail_with(workload);
    changes.push_back({static_cast<uint64_t>(row->integer(1)), std::move(*workload)});
  }
}

Status add_tombstones(Database& database, uint64_t revision, std::vector<Change>& changes) {
  Result<Statement> row =
      after(database, "select is_workload, api_group, kind, ns, name, revision from tombstone ", revision);
  if (!row) return fail_with(row);
  while (true) {
    const Result<bool> found = row->step();
    if (!found) return std::unexpected(found.error());
    if (!*found) return {};
    const auto at = static_cast<uint64_t>(row->integer(5));
    if (row->integer(0) != 0) {
      changes.push_back({at, Change::RemovedWorkload{row->bytes(4)}});
    } else {
      changes.push_back({at, Change::RemovedResource{{row->bytes(1), row->bytes(2), row->bytes(3), row->bytes(4)}}});
    }
  }
}

}  // namespace

Resource read_resource(const Statement& row) {
  return Resource{.key = {row.bytes(0), row.bytes(1), row.bytes(2), row.bytes(3)},
                  .owner = row.integer(4) == 0 ? Owner::kApi : Owner::kFolder,
                  .text = row.bytes(5),
                  .file = row.bytes(6),
                  .line = static_cast<uint32_t>(row.integer(7)),
                  .created = row.integer(8),
                  .revision = static_cast<uint64_t>(row.integer(9)),
                  .content_hash = static_cast<uint64_t>(row.integer(10))};
}

Result<model::Workload> read_workload(const Statement& row) {
  return workload_from_json(row.bytes(0));
}

Statement& bind_key(Statement& statement, const ResourceKey& key) {
  return statement.bind(key.group).bind(key.kind).bind(key.ns).bind(key.name);
}

Result<std::vector<Change>> read_changes(Database& database, uint64_t revision) {
  std::vector<Change> changes;
  for (auto* add : {add_resources, add_workloads, add_tombstones}) {
    if (Status added = add(database, revision, changes); !added) return fail_with(added);
  }
  std::ranges::sort(changes, {}, &Change::revision);
  return changes;
}

}  // namespace ripstop::control
