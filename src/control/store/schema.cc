#include "control/store/schema.h"

#include <array>
#include <string>

namespace ripstop::control {
namespace {

constexpr int64_t kApplicationId = 0x52505354;  // "RPST", in the file's header

constexpr std::array<Migration, 2> kMigrations = {R"(
create table clock (
  id integer primary key check (id = 1),
  revision integer not null,
  horizon integer not null
) strict;
insert into clock values (1, 0, 0);

create table resource (
  api_group text not null,
  kind text not null,
  ns text not null,
  name text not null,
  owner integer not null,
  text text not null,
  file text not null,
  line integer not null,
  created integer not null,
  revision integer not null,
  hash integer not null,
  unique (api_group, kind, ns, name)
) strict;
create index resource_by_revision on resource (revision);

create table workload (
  id text primary key,
  document text not null,
  revision integer not null
) strict;
create index workload_by_revision on workload (revision);

create table tombstone (
  is_workload integer not null,
  api_group text not null,
  kind text not null,
  ns text not null,
  name text not null,
  revision integer not null,
  unique (is_workload, api_group, kind, ns, name)
) strict;
create index tombstone_by_revision on tombstone (revision);

create table virtual_address (
  host text primary key,
  slot integer not null unique
) strict;

create table join_token (
  id blob primary key,
  secret_hash blob not null,
  identity text not null,
  created integer not null,
  expires integer not null,
  uses_left integer not null
) strict;

create table setting (
  name text primary key,
  value text not null
) strict;
)",
                                                  R"(
create table registration (
  workload text primary key,
  token blob not null,
  admin_address text not null,
  process integer not null
) strict;
)"};

Status claim(Database& database) {
  const Result<int64_t> owner = database.integer("pragma application_id");
  if (!owner) return std::unexpected(owner.error());
  if (*owner == kApplicationId) return {};
  const Result<int64_t> tables = database.integer("select count(*) from sqlite_master");
  if (!tables) return std::unexpected(tables.error());
  if (*owner != 0 || *tables != 0) {
    return fail(ErrorCode::kInvalidArgument,
                "the file " + database.path() + " is a database of another program; give Ripstop a file of its own");
  }
  return database.execute("pragma application_id = " + std::to_string(kApplicationId));
}

Status run_step(Database& database, Migration step, size_t next_version) {
  Result<Transaction> transaction = Transaction::begin(database);
  if (!transaction) return fail_with(transaction);
  if (Status made = database.execute(step); !made) return made;
  if (Status noted = database.execute("pragma user_version = " + std::to_string(next_version)); !noted) return noted;
  return transaction->commit();
}

}  // namespace

std::span<const Migration> migrations() {
  return kMigrations;
}

Status migrate(Database& database, std::span<const Migration> migrations) {
  if (Status claimed = claim(database); !claimed) return claimed;
  const Result<int64_t> version = database.integer("pragma user_version");
  if (!version) return std::unexpected(version.error());
  if (*version < 0 || static_cast<size_t>(*version) > migrations.size()) {
    return fail(ErrorCode::kUnsupported, "the store " + database.path() + " was written by a newer Ripstop (schema " +
                                             std::to_string(*version) + ", this one knows " +
                                             std::to_string(migrations.size()) +
                                             "); start that version, or restore a backup from before the upgrade");
  }
  for (size_t step = static_cast<size_t>(*version); step < migrations.size(); ++step) {
    if (Status made = run_step(database, migrations[step], step + 1); !made) return made;
  }
  return {};
}

}  // namespace ripstop::control
