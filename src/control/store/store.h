// Everything a mesh on one machine remembers, in one SQLite file.
//
// Durable: what an operation has acknowledged is on the disk and survives a kill or a power cut at any later moment;
// what it has not acknowledged is there whole or not at all. The revision grows by one with every batch that changes
// something and never goes back.
//
// One thread owns a Store and everything taken from it. The file belongs to one Store at a time, over all processes.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "control/store/address_table.h"
#include "control/store/record.h"
#include "control/store/registration_table.h"
#include "control/store/sqlite.h"
#include "control/store/token_table.h"

namespace ripstop::control {

struct StoreOptions {
  std::chrono::milliseconds busy_wait = std::chrono::seconds(5);
  size_t max_tombstones = 10'000;  // beyond it the oldest deletions are compacted away
  size_t max_text_bytes = 1U << 20U;
};

// Empty fields match everything.
struct ResourceFilter {
  std::string group;
  std::string kind;
  std::string ns;
};

class Store {
 public:
  // Creates the file (mode 0600) when it is missing and brings an older one to the current schema. Errors say what to
  // do about a damaged, foreign, newer or busy file.
  static Result<Store> open(const std::string& path, StoreOptions options = {});

  [[nodiscard]] uint64_t revision() const { return revision_; }

  // All of the batch or none of it. A resource that is put with the text, place and owner it already has is not a
  // change. kAlreadyExists: an expected revision does not hold any more. kTooLarge, kInvalidArgument: a resource over
  // the size limit, or without kind or name.
  Result<Applied> apply(const Batch& batch, WallTime now);

  Result<std::optional<Resource>> get(const ResourceKey& key);
  Result<ResourceList> list(const ResourceFilter& filter = {});
  // By id.
  Result<std::vector<model::Workload>> workloads();

  // The newest state of everything that changed after `revision`, oldest change first, each object once. kNotFound:
  // deletions that far back are compacted away, so list again; kInvalidArgument: a revision this store never had.
  Result<std::vector<Change>> changes_since(uint64_t revision);
  // Forgets deletions up to and including `revision`.
  Status compact(uint64_t revision);

  // Small texts: the mesh's id, its trust domain.
  Result<std::optional<std::string>> setting(std::string_view name);
  Status set_setting(std::string_view name, std::string_view value);

  [[nodiscard]] AddressTable addresses() { return AddressTable(*database_); }
  [[nodiscard]] TokenTable tokens() { return TokenTable(*database_); }
  [[nodiscard]] RegistrationTable registrations() { return RegistrationTable(*database_); }

 private:
  Store(std::unique_ptr<Database> database, StoreOptions options) : database_(std::move(database)), options_(options) {}

  Status load_clock();
  Status check(const Resource& resource) const;
  Result<size_t> edit(const Batch& batch, uint64_t revision, WallTime now);
  Result<bool> put(const Resource& resource, uint64_t revision, WallTime now);
  Result<bool> put(const model::Workload& workload, uint64_t revision);
  Result<bool> remove(const ResourceKey& key, uint64_t revision);
  Result<bool> remove(const std::string& workload_id, uint64_t revision);
  Status trim_tombstones();

  std::unique_ptr<Database> database_;
  StoreOptions options_;
  uint64_t revision_ = 0;
  uint64_t horizon_ = 0;  // deletions at or before it are forgotten
};

}  // namespace ripstop::control
