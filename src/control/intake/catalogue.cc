#include "control/intake/catalogue.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "control/intake/assemble.h"
#include "control/intake/reading.h"

namespace ripstop::control {
namespace {

void append(model::Findings& to, const model::Findings& from) {
  to.insert(to.end(), from.begin(), from.end());
}

model::Finding error_about(const ResourceKey& key, std::string code, std::string message, std::string remedy) {
  return {
      .code = std::move(code), .message = std::move(message), .remedy = std::move(remedy), .resource = key.to_string()};
}

// Whether compiling could find anything else than before. Addresses and readiness are nothing a dialect looks at.
bool is_same_to_dialects(const model::Workload& left, const model::Workload& right) {
  const auto same_port = [](const auto& one, const auto& other) { return one.first == other.first; };
  return left.labels == right.labels && left.identity == right.identity && left.port_names == right.port_names &&
         std::ranges::equal(left.inbound, right.inbound, same_port);
}

}  // namespace

Result<std::unique_ptr<Catalogue>> Catalogue::open(Store& store, model::MeshSettings settings) {
  std::unique_ptr<Catalogue> catalogue(new Catalogue(store, std::move(settings)));
  if (Status loaded = catalogue->load(); !loaded) return fail_with(loaded);
  return catalogue;
}

Status Catalogue::load() {
  Result<ResourceList> resources = store_->list();
  if (!resources) return fail_with(resources);
  for (const Resource& stored : resources->resources) load_resource(stored);
  Result<std::vector<model::Workload>> workloads = store_->workloads();
  if (!workloads) return fail_with(workloads);
  for (model::Workload& workload : *workloads) workloads_.emplace(workload.id, std::move(workload));
  judgement_ = judge(accepted_, workloads_, settings_);
  auto snapshot = assemble(settings_, judgement_.mesh, workloads_, store_->addresses());
  if (!snapshot) return fail_with(snapshot);
  (*snapshot)->revision = store_->revision();
  snapshot_ = std::move(*snapshot);
  return {};
}

void Catalogue::load_resource(const Resource& stored) {
  dialect::ReadResult read = dialect::read({.file = stored.file,
                                            .text = stored.text,
                                            .first_line = std::max(stored.line, 1U),
                                            .default_namespace = stored.key.ns});
  append(stored_findings_, read.findings);
  for (dialect::Resource& resource : read.resources) {
    if (key_of(resource) != stored.key) continue;
    if (resource.created == 0) resource.created = stored.created;
    resource.text.clear();
    accepted_.insert_or_assign(stored.key, Accepted{std::move(resource), stored.owner});
  }
}

// A resource keeps the age it has, so that an edit does not change which of two rules is the older.
void Catalogue::date(dialect::Resource& resource, WallTime now) const {
  if (resource.created != 0) return;
  const auto known = accepted_.find(key_of(resource));
  resource.created = known != accepted_.end()
                         ? known->second.resource.created
                         : std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count();
}

Result<Verdict> Catalogue::apply(std::span<const dialect::Source> sources, ApplyMode mode, WallTime now) {
  Reading reading = read_sources(sources, settings_);
  Draft draft{.accepted = accepted_, .judgement = {}};
  Verdict verdict{.revision = store_->revision(), .findings = std::move(reading.findings)};
  for (dialect::Resource& resource : reading.resources) {
    const ResourceKey key = key_of(resource);
    if (const auto known = accepted_.find(key); known != accepted_.end() && known->second.owner == Owner::kFolder) {
      verdict.findings.push_back(error_about(key, "intake/kept-in-folder",
                                             "This resource is kept in the watched folder, so it cannot be applied.",
                                             "Change it in " + known->second.resource.file + "."));
    }
    date(resource, now);
    draft.accepted.insert_or_assign(key, Accepted{resource, Owner::kApi});
  }
  draft.judgement = judge(draft.accepted, workloads_, settings_);
  append(verdict.findings, draft.judgement.about(reading.titles()));
  verdict.is_accepted = !model::has_error(verdict.findings);
  if (!verdict.is_accepted) return verdict;
  verdict.resources = reading.keys();
  if (mode == ApplyMode::kDryRun) return verdict;
  const Result<Applied> applied = commit(std::move(draft), {.put = reading.records(Owner::kApi)}, now);
  if (!applied) return std::unexpected(applied.error());
  verdict.revision = applied->revision;
  verdict.changes = applied->changes;
  return verdict;
}

Result<Verdict> Catalogue::remove(std::span<const ResourceKey> keys, WallTime now) {
  Draft draft{.accepted = accepted_, .judgement = {}};
  Verdict verdict{.revision = store_->revision()};
  Batch batch;
  for (const ResourceKey& key : keys) {
    const Result<std::optional<Resource>> stored = store_->get(key);
    if (!stored) return std::unexpected(stored.error());
    if (!*stored) {
      verdict.findings.push_back(
          error_about(key, "intake/not-found", "There is no such resource.", "Check its kind, namespace and name."));
      continue;
    }
    if ((*stored)->owner == Owner::kFolder) {
      verdict.findings.push_back(error_about(key, "intake/kept-in-folder",
                                             "This resource is kept in the watched folder, so it cannot be deleted.",
                                             "Delete it from " + (*stored)->file + "."));
    }
    draft.accepted.erase(key);
    batch.remove.push_back(key);
  }
  verdict.is_accepted = !model::has_error(verdict.findings);
  if (!verdict.is_accepted) return verdict;
  draft.judgement = judge(draft.accepted, workloads_, settings_);
  const Result<Applied> applied = commit(std::move(draft), batch, now);
  if (!applied) return std::unexpected(applied.error());
  verdict.revision = applied->revision;
  verdict.changes = applied->changes;
  verdict.resources = std::move(batch.remove);
  return verdict;
}

// What the folder does not decide: the API's resources, and those of files that cannot be read to their end, where
// what is missing may only be hidden behind the mistake.
AcceptedSet Catalogue::beside_folder(const Reading& reading) const {
  AcceptedSet kept;
  for (const auto& [key, accepted] : accepted_) {
    const bool is_hidden = reading.broken_files.contains(accepted.resource.file);
    if (accepted.owner == Owner::kApi || is_hidden) kept.emplace(key, accepted);
  }
  return kept;
}

// Puts the last good version back where the new one is refused, and returns why it is.
model::Findings Catalogue::keep_last_good(Reading& reading, Draft& draft) const {
  std::set<std::string> titles;
  std::erase_if(reading.resources, [&](const dialect::Resource& resource) {
    const ResourceKey key = key_of(resource);
    if (!draft.judgement.refused.contains(key)) return false;
    titles.insert(resource.title());
    draft.accepted.erase(key);
    if (const auto good = accepted_.find(key); good != accepted_.end()) draft.accepted.insert(*good);
    return true;
  });
  model::Findings why = draft.judgement.about(titles);
  if (!titles.empty()) draft.judgement = judge(draft.accepted, workloads_, settings_);
  return why;
}

Result<Verdict> Catalogue::follow(const FolderContent& content, WallTime now) {
  Reading reading = read_folder(content, settings_);
  Draft draft{.accepted = beside_folder(reading), .judgement = {}};
  for (dialect::Resource& resource : reading.resources) {
    date(resource, now);
    draft.accepted.insert_or_assign(key_of(resource), Accepted{resource, Owner::kFolder});
  }
  draft.judgement = judge(draft.accepted, workloads_, settings_);
  model::Findings findings = std::move(reading.findings);
  append(findings, keep_last_good(reading, draft));

  Batch batch{.put = reading.records(Owner::kFolder)};
  for (const auto& [key, accepted] : accepted_) {
    if (!draft.accepted.contains(key)) batch.remove.push_back(key);
  }
  Verdict verdict{.is_accepted = !model::has_error(findings), .resources = reading.keys(), .findings = findings};
  append(verdict.findings, draft.judgement.about(reading.titles()));
  const Result<Applied> applied = commit(std::move(draft), batch, now);
  if (!applied) return std::unexpected(applied.error());
  folder_findings_ = std::move(findings);
  verdict.revision = applied->revision;
  verdict.changes = applied->changes;
  return verdict;
}

Result<Applied> Catalogue::commit(Draft draft, const Batch& batch, WallTime now) {
  // Addresses come first: they may fail, and ones that nobody needs after all do no harm.
  auto snapshot = assemble(settings_, draft.judgement.mesh, workloads_, store_->addresses());
  if (!snapshot) return fail_with(snapshot);
  Result<Applied> applied = store_->apply(batch, now);
  if (!applied) return applied;
  for (auto& [key, accepted] : draft.accepted) accepted.resource.text.clear();
  accepted_ = std::move(draft.accepted);
  judgement_ = std::move(draft.judgement);
  if (applied->changes == 0) return applied;
  (*snapshot)->revision = applied->revision;
  snapshot_ = std::move(*snapshot);
  return applied;
}

Status Catalogue::put_workload(const model::Workload& workload, WallTime now) {
  if (Status checked = check_workload(workload, settings_.trust_domain); !checked) return checked;
  const auto known = workloads_.find(workload.id);
  const bool is_recompiled = known == workloads_.end() || !is_same_to_dialects(known->second, workload);
  Workloads next = workloads_;
  next.insert_or_assign(workload.id, workload).first->second.origin.reset();
  return change_workloads(std::move(next), {.put_workloads = {workload}}, is_recompiled, now);
}

Status Catalogue::remove_workload(const std::string& id, WallTime now) {
  Workloads next = workloads_;
  if (next.erase(id) == 0) return {};
  return change_workloads(std::move(next), {.remove_workloads = {id}}, true, now);
}

Status Catalogue::set_ready(const Readiness& readiness, WallTime now) {
  Workloads next = workloads_;
  Batch batch;
  for (const auto& [id, is_ready] : readiness) {
    const auto found = next.find(id);
    if (found == next.end() || found->second.is_ready == is_ready) continue;
    found->second.is_ready = is_ready;
    batch.put_workloads.push_back(found->second);
  }
  if (batch.put_workloads.empty()) return {};
  return change_workloads(std::move(next), batch, false, now);
}

Status Catalogue::change_workloads(Workloads workloads, const Batch& batch, bool is_recompiled, WallTime now) {
  Judgement judgement = is_recompiled ? judge(accepted_, workloads, settings_) : judgement_;
  auto snapshot = assemble(settings_, judgement.mesh, workloads, store_->addresses());
  if (!snapshot) return fail_with(snapshot);
  const Result<Applied> applied = store_->apply(batch, now);
  if (!applied) return std::unexpected(applied.error());
  if (applied->changes == 0) return {};
  workloads_ = std::move(workloads);
  judgement_ = std::move(judgement);
  (*snapshot)->revision = applied->revision;
  snapshot_ = std::move(*snapshot);
  return {};
}

model::Findings Catalogue::diagnostics() const {
  model::Findings all = stored_findings_;
  append(all, judgement_.findings);
  append(all, folder_findings_);
  return all;
}

}  // namespace ripstop::control
