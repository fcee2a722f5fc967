#include "control/store/store.h"

#include <algorithm>
#include <tuple>

#include "base/hash.h"
#include "control/store/rows.h"
#include "control/store/schema.h"
#include "control/store/workload_text.h"

namespace ripstop::control {
namespace {

constexpr std::string_view kByKey = "where api_group = ? and kind = ? and ns = ? and name = ?";

int64_t microseconds(WallTime time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

bool is_same(const Resource& stored, const Resource& wanted) {
  return stored.text == wanted.text && stored.file == wanted.file && stored.line == wanted.line &&
         stored.owner == wanted.owner;
}

// An object that is back has no tombstone any more: its own row tells the watchers everything.
Status bury(Database& database, const ResourceKey& key, bool is_workload, uint64_t revision) {
  Result<Statement> statement = database.prepare(
      "insert into tombstone (api_group, kind, ns, name, is_workload, revision) values (?, ?, ?, ?, ?, ?)");
  if (!statement) return fail_with(statement);
  return bind_key(*statement, key).bind(int64_t{is_workload}).bind(static_cast<int64_t>(revision)).run();
}

Status unbury(Database& database, const ResourceKey& key, bool is_workload) {
  Result<Statement> statement =
      database.prepare("delete from tombstone " + std::string(kByKey) + " and is_workload = ?");
  if (!statement) return fail_with(statement);
  return bind_key(*statement, key).bind(int64_t{is_workload}).run();
}

}  // namespace

Result<Store> Store::open(const std::string& path, StoreOptions options) {
  Result<std::unique_ptr<Database>> database = Database::open(path, options.busy_wait);
  if (!database) return fail_with(database);
  if (Status migrated = migrate(**database, migrations()); !migrated) return fail_with(migrated);
  Store store(std::move(*database), options);
  if (Status loaded = store.load_clock(); !loaded) return fail_with(loaded);
  return store;
}

Status Store::load_clock() {
  Result<Statement> clock = database_->prepare("select revision, horizon from clock");
  if (!clock) return fail_with(clock);
  const Result<bool> row = clock->step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return fail(ErrorCode::kIo, "the store " + database_->path() + " has lost its revision; restore a backup");
  revision_ = static_cast<uint64_t>(clock->integer(0));
  horizon_ = static_cast<uint64_t>(clock->integer(1));
  return {};
}

Result<Applied> Store::apply(const Batch& batch, WallTime now) {
  for (const Resource& resource : batch.put) {
    if (Status checked = check(resource); !checked) return fail_with(checked);
  }
  Result<Transaction> transaction = Transaction::begin(*database_);
  if (!transaction) return fail_with(transaction);
  const uint64_t next = revision_ + 1;
  const Result<size_t> changes = edit(batch, next, now);
  if (!changes) return std::unexpected(changes.error());
  if (*changes == 0) return Applied{.revision = revision_, .changes = 0};
  if (Status set = database_->execute("update clock set revision = " + std::to_string(next)); !set) {
    return fail_with(set);
  }
  if (Status committed = transaction->commit(); !committed) return fail_with(committed);
  revision_ = next;
  // The batch is in; that old deletions could not be trimmed now is for the next batch to mend.
  std::ignore = trim_tombstones();
  return Applied{.revision = next, .changes = *changes};
}

Status Store::check(const Resource& resource) const {
  if (resource.key.kind.empty() || resource.key.name.empty()) {
    return fail(ErrorCode::kInvalidArgument, "a resource needs a kind and a name");
  }
  if (resource.text.size() > options_.max_text_bytes) {
    return fail(ErrorCode::kTooLarge, resource.key.to_string() + " has more than " +
                                          std::to_string(options_.max_text_bytes) + " bytes; split it");
  }
  return {};
}

Result<size_t> Store::edit(const Batch& batch, uint64_t revision, WallTime now) {
  size_t changes = 0;
  const auto count = [&changes](const Result<bool>& changed) {
    if (changed && *changed) ++changes;
    return changed.has_value();
  };
  for (const ResourceKey& key : batch.remove) {
    if (Result<bool> done = remove(key, revision); !count(done)) return fail_with(done);
  }
  for (const Resource& resource : batch.put) {
    if (Result<bool> done = put(resource, revision, now); !count(done)) return fail_with(done);
  }
  for (const std::string& id : batch.remove_workloads) {
    if (Result<bool> done = remove(id, revision); !count(done)) return fail_with(done);
  }
  for (const model::Workload& workload : batch.put_workloads) {
    if (Result<bool> done = put(workload, revision); !count(done)) return fail_with(done);
  }
  return changes;
}

Result<bool> Store::put(const Resource& resource, uint64_t revision, WallTime now) {
  const Result<std::optional<Resource>> stored = get(resource.key);
  if (!stored) return std::unexpected(stored.error());
  const bool is_known = stored->has_value();
  if (resource.revision != 0 && (!is_known || (*stored)->revision != resource.revision)) {
    return fail(ErrorCode::kAlreadyExists,
                resource.key.to_string() + " was changed or deleted by someone else; read it again and redo the edit");
  }
  if (is_known && is_same(**stored, resource)) return false;
  Result<Statement> statement = database_->prepare(
      "insert or replace into resource (api_group, kind, ns, name, owner, text, file, line, created, revision, hash) "
      "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  if (!statement) return fail_with(statement);
  bind_key(*statement, resource.key)
      .bind(static_cast<int64_t>(resource.owner))
      .bind(resource.text)
      .bind(resource.file)
      .bind(int64_t{resource.line})
      .bind(is_known ? (*stored)->created : microseconds(now))
      .bind(static_cast<int64_t>(revision))
      .bind(static_cast<int64_t>(content_hash(resource.text)));
  if (Status done = statement->run(); !done) return fail_with(done);
  if (Status done = unbury(*database_, resource.key, false); !done) return fail_with(done);
  return true;
}

Result<bool> Store::put(const model::Workload& workload, uint64_t revision) {
  if (workload.id.empty()) return fail(ErrorCode::kInvalidArgument, "a workload needs an id");
  Result<Statement> statement = database_->prepare(
      "insert into workload (id, document, revision) values (?1, ?2, ?3) on conflict (id) do update set "
      "document = excluded.document, revision = excluded.revision where document is not excluded.document");
  if (!statement) return fail_with(statement);
  statement->bind(workload.id).bind(to_json(workload)).bind(static_cast<int64_t>(revision));
  if (Status done = statement->run(); !done) return fail_with(done);
  if (database_->changes() == 0) return false;
  if (Status done = unbury(*database_, {.name = workload.id}, true); !done) return fail_with(done);
  return true;
}

Result<bool> Store::remove(const ResourceKey& key, uint64_t revision) {
  Result<Statement> statement = database_->prepare("delete from resource " + std::string(kByKey));
  if (!statement) return fail_with(statement);
  if (Status done = bind_key(*statement, key).run(); !done) return fail_with(done);
  if (database_->changes() == 0) return false;
  if (Status done = bury(*database_, key, false, revision); !done) return fail_with(done);
  return true;
}

Result<bool> Store::remove(const std::string& workload_id, uint64_t revision) {
  Result<Statement> statement = database_->prepare("delete from workload where id = ?");
  if (!statement) return fail_with(statement);
  if (Status done = statement->bind(workload_id).run(); !done) return fail_with(done);
  if (database_->changes() == 0) return false;
  if (Status done = bury(*database_, {.name = workload_id}, true, revision); !done) return fail_with(done);
  return true;
}

Result<std::optional<Resource>> Store::get(const ResourceKey& key) {
  Result<Statement> row = database_->prepare(std::string(kSelectResource) + std::string(kByKey));
  if (!row) return fail_with(row);
  const Result<bool> found = bind_key(*row, key).step();
  if (!found) return std::unexpected(found.error());
  if (!*found) return std::nullopt;
  return read_resource(*row);
}

Result<ResourceList> Store::list(const ResourceFilter& filter) {
  Result<Statement> row =
      database_->prepare(std::string(kSelectResource) +
                         "where (?1 = '' or api_group = ?1) and (?2 = '' or kind = ?2) and (?3 = '' or ns = ?3) "
                         "order by api_group, kind, ns, name");
  if (!row) return fail_with(row);
  row->bind(filter.group).bind(filter.kind).bind(filter.ns);
  ResourceList result{.revision = revision_, .resources = {}};
  while (true) {
    const Result<bool> found = row->step();
    if (!found) return std::unexpected(found.error());
    if (!*found) return result;
    result.resources.push_back(read_resource(*row));
  }
}

Result<std::vector<model::Workload>> Store::workloads() {
  Result<Statement> row = database_->prepare(std::string(kSelectWorkload) + "order by id");
  if (!row) return fail_with(row);
  std::vector<model::Workload> workloads;
  while (true) {
    const Result<bool> found = row->step();
    if (!found) return std::unexpected(found.error());
    if (!*found) return workloads;
    Result<model::Workload> workload = read_workload(*row);
    if (!workload) return fail_with(workload);
    workloads.push_back(std::move(*workload));
  }
}

Result<std::vector<Change>> Store::changes_since(uint64_t revision) {
  if (revision > revision_) {
    return fail(ErrorCode::kInvalidArgument,
                "revision " + std::to_string(revision) + " is ahead of this store (" + std::to_string(revision_) +
                    "); it comes from another mesh or from before a restored backup: list again");
  }
  if (revision < horizon_) {
    return fail(ErrorCode::kNotFound, "changes up to revision " + std::to_string(horizon_) +
                                          " are compacted away: list again and watch from the list's revision");
  }
  return read_changes(*database_, revision);
}

Status Store::compact(uint64_t revision) {
  const uint64_t horizon = std::min(revision, revision_);
  if (horizon <= horizon_) return {};
  Result<Transaction> transaction = Transaction::begin(*database_);
  if (!transaction) return fail_with(transaction);
  const std::string number = std::to_string(horizon);
  if (Status done = database_->execute("delete from tombstone where revision <= " + number); !done) return done;
  if (Status done = database_->execute("update clock set horizon = " + number); !done) return done;
  if (Status committed = transaction->commit(); !committed) return committed;
  horizon_ = horizon;
  return {};
}

Status Store::trim_tombstones() {
  const std::string newest_to_drop =
      "select coalesce(max(revision), 0) from (select revision from tombstone order by "
      "revision desc limit -1 offset " +
      std::to_string(options_.max_tombstones) + ")";
  const Result<int64_t> revision = database_->integer(newest_to_drop);
  if (!revision) return std::unexpected(revision.error());
  return compact(static_cast<uint64_t>(*revision));
}

Result<std::optional<std::string>> Store::setting(std::string_view name) {
  Result<Statement> row = database_->prepare("select value from setting where name = ?");
  if (!row) return fail_with(row);
  const Result<bool> found = row->bind(name).step();
  if (!found) return std::unexpected(found.error());
  if (!*found) return std::nullopt;
  return row->bytes(0);
}

Status Store::set_setting(std::string_view name, std::string_view value) {
  Result<Statement> statement = database_->prepare(
      "insert into setting (name, value) values (?1, ?2) on conflict (name) do update set value = excluded.value");
  if (!statement) return fail_with(statement);
  return statement->bind(name).bind(value).run();
}

}  // namespace ripstop::control
