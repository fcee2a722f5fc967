// What is in force: the resources that were accepted, by the API and from the watched folder, and the workloads that
// have registered; and the snapshot of the mesh that follows from them.
//
// Everything accepted is in the Store before it shows in a snapshot, so a restart finds the same mesh. A bad resource
// never replaces a good one: the API refuses the whole batch, the folder keeps the last good version of that resource.
// A snapshot stays valid for whoever holds it. One thread owns a Catalogue; the Store must outlive it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "control/intake/accepted_set.h"
#include "control/intake/folder_scan.h"
#include "control/intake/implicit_service.h"
#include "control/store/store.h"
#include "dialect/dialect.h"
#include "model/finding.h"
#include "model/snapshot.h"

namespace ripstop::control {

enum class ApplyMode : uint8_t { kCommit, kDryRun };

// What became of a batch. Findings are complete: they never stop at the first.
struct Verdict {
  bool is_accepted = false;  // API: all or nothing. Folder: every resource of it is in force
  uint64_t revision = 0;     // of the store afterwards
  size_t changes = 0;
  std::vector<ResourceKey> resources;  // what was taken and is kept, in the order given
  model::Findings findings;            // about the batch
};

struct Reading;

// By workload id.
using Readiness = std::map<std::string, bool>;

class Catalogue {
 public:
  // Compiles what the store has. A stored resource that this version cannot accept any more contributes nothing and is
  // among the diagnostics; it is not deleted.
  static Result<std::unique_ptr<Catalogue>> open(Store& store, model::MeshSettings settings);

  // A failed Result means that the store could not be used; bad input is a Verdict. Nothing has changed in both cases.
  Result<Verdict> apply(std::span<const dialect::Source> sources, ApplyMode mode, WallTime now);
  // All or none; a key that is not there, or that the folder keeps, is an error among the findings.
  Result<Verdict> remove(std::span<const ResourceKey> keys, WallTime now);

  // Makes the folder's resources those of `content`. A file with something unreadable in it removes nothing. A resource
  // that the API has applied before becomes the folder's.
  Result<Verdict> follow(const FolderContent& content, WallTime now);

  // Registers a workload or replaces the one with its id; see check_workload(). `origin` is set here.
  Status put_workload(const model::Workload& workload, WallTime now);
  // Removing what is not there succeeds.
  Status remove_workload(const std::string& id, WallTime now);
  // Whose proxy is connected and whose is not, all in one change. Kept over restarts, so that a new control plane
  // begins with the endpoints the old one had. Ids that are not registered (any more) are passed over.
  Status set_ready(const Readiness& readiness, WallTime now);
  [[nodiscard]] const Workloads& workloads() const { return workloads_; }
  // What is in force, without the texts, which the store has.
  [[nodiscard]] const AcceptedSet& accepted() const { return accepted_; }

  // Never null. Its revision is the store's.
  [[nodiscard]] const model::SnapshotRef& snapshot() const { return snapshot_; }
  // Everything that is to be said about the mesh now: about what is in force, and about the folder's last content.
  [[nodiscard]] model::Findings diagnostics() const;

 private:
  struct Draft {
    AcceptedSet accepted;
    Judgement judgement;  // of `accepted` and the present workloads
  };

  Catalogue(Store& store, model::MeshSettings settings) : store_(&store), settings_(std::move(settings)) {}

  Status load();
  void load_resource(const Resource& stored);
  void date(dialect::Resource& resource, WallTime now) const;
  [[nodiscard]] AcceptedSet beside_folder(const Reading& reading) const;
  model::Findings keep_last_good(Reading& reading, Draft& draft) const;
  Result<Applied> commit(Draft draft, const Batch& batch, WallTime now);
  Status change_workloads(Workloads workloads, const Batch& batch, bool is_recompiled, WallTime now);

  Store* store_;
  model::MeshSettings settings_;
  AcceptedSet accepted_;
  Workloads workloads_;
  Judgement judgement_;              // of accepted_ and workloads_
  model::Findings stored_findings_;  // about stored resources that cannot be read
  model::Findings folder_findings_;
  model::SnapshotRef snapshot_;
};

}  // namespace ripstop::control
