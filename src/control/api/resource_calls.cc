#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "control/api/calls.h"
#include "control/api/read_json.h"
#include "control/api/write_json.h"
#include "dialect/dialect.h"

namespace ripstop::control {
namespace {

constexpr std::string_view kNoNamespace = "-";  // in a path, where a segment cannot be empty

Result<const dialect::Kind*> kind_named(const std::string& word) {
  if (const dialect::Kind* kind = dialect::find_kind(word); kind != nullptr) return kind;
  const auto meant = dialect::nearest_kind(word);
  return fail(ErrorCode::kInvalidArgument,
              "\"" + word + "\" is not a kind that is known" + (meant ? "; did you mean " + *meant + "?" : ""));
}

Result<ResourceKey> key_in(const ApiCall& call) {
  const auto kind = kind_named(call.parts[0]);
  if (!kind) return std::unexpected(kind.error());
  const std::string& ns = call.parts[1];
  return ResourceKey{.group = std::string((*kind)->group),
                     .kind = std::string((*kind)->name),
                     .ns = ns == kNoNamespace ? std::string() : ns,
                     .name = call.parts[2]};
}

std::unexpected<Error> missing(const ResourceKey& key) {
  return fail(ErrorCode::kNotFound, "there is no " + key.to_string());
}

// The resources of a request, as the catalogue will see them, each key once.
class Offer {
 public:
  explicit Offer(const std::vector<dialect::Source>& sources) {
    for (const dialect::Source& source : sources) {
      for (dialect::Resource& resource : dialect::read(source).resources) {
        if (!is_kept(resource)) continue;
        const ResourceKey key = key_of(resource);
        const auto [place, is_new] = places_.try_emplace(key, resources_.size());
        if (is_new) {
          resources_.push_back(std::move(resource));
        } else {
          resources_[place->second] = std::move(resource);
        }
      }
    }
  }

  [[nodiscard]] const std::vector<dialect::Resource>& resources() const { return resources_; }

  // Those without an error of their own, each as a source.
  [[nodiscard]] std::vector<dialect::Source> good(const std::set<std::string>& refused) const {
    std::vector<dialect::Source> sources;
    for (const dialect::Resource& resource : resources_) {
      if (refused.contains(resource.title())) continue;
      sources.push_back({.file = resource.file,
                         .text = resource.text,
                         .first_line = resource.line,
                         .default_namespace = resource.ns});
    }
    return sources;
  }

 private:
  std::vector<dialect::Resource> resources_;
  std::map<ResourceKey, size_t> places_;
};

std::set<std::string> titles_with_errors(const model::Findings& findings) {
  std::set<std::string> titles;
  for (const model::Finding& finding : findings) {
    if (finding.severity == model::Severity::kError) titles.insert(finding.resource);
  }
  return titles;
}

using Known = std::map<ResourceKey, std::string>;  // text by key, of those that are in force

Result<Known> known_of(Store& store, const Offer& offer) {
  Known known;
  for (const dialect::Resource& resource : offer.resources()) {
    const ResourceKey key = key_of(resource);
    auto stored = store.get(key);
    if (!stored) return fail_with(stored);
    if (*stored) known.emplace(key, std::move((*stored)->text));
  }
  return known;
}

std::string_view outcome_of(const dialect::Resource& resource, const Known& known,
                            const std::set<std::string>& refused) {
  if (refused.contains(resource.title())) return "refused";
  const auto before = known.find(key_of(resource));
  if (before == known.end()) return "created";
  return before->second == resource.text ? "unchanged" : "configured";
}

}  // namespace

// The catalogue takes a batch whole or not at all. So a batch with refused resources in it is offered again without
// them: what is wrong with one resource is no reason to hold up the others.
ApiReply apply_documents(ApiContext& context, const ApiCall& call) {
  const auto request = read_apply_request(call.request.body);
  if (!request) return std::unexpected(request.error());
  const Offer offer(request->sources);
  const auto known = known_of(context.store, offer);
  if (!known) return std::unexpected(known.error());
  const ApplyMode mode = request->is_dry_run ? ApplyMode::kDryRun : ApplyMode::kCommit;
  auto verdict = context.catalogue.apply(request->sources, mode, context.now());
  if (!verdict) return std::unexpected(verdict.error());
  std::set<std::string> refused;
  if (!verdict->is_accepted) {
    refused = titles_with_errors(verdict->findings);
    const auto good = context.catalogue.apply(offer.good(refused), mode, context.now());
    if (!good) return std::unexpected(good.error());
    verdict->revision = good->revision;
    // Nothing of the sort can happen unless errors depend on other resources, which they never do.
    if (!good->is_accepted) return fail(ErrorCode::kInternal, "resources without an error were refused");
  }
  std::vector<ApplyOutcome> outcomes;
  for (const dialect::Resource& resource : offer.resources()) {
    outcomes.push_back({key_of(resource), outcome_of(resource, *known, refused)});
  }
  return net::http_json(200, outcomes_json(verdict->revision, outcomes, verdict->findings));
}

ApiReply list_resources(ApiContext& context, const ApiCall& call) {
  ResourceFilter filter;
  if (const auto word = call.request.query("kind"); word && !word->empty()) {
    const auto kind = kind_named(*word);
    if (!kind) return std::unexpected(kind.error());
    filter.group = (*kind)->group;
    filter.kind = (*kind)->name;
  }
  filter.ns = call.request.query("namespace").value_or("");
  const auto list = context.store.list(filter);
  if (!list) return std::unexpected(list.error());
  return net::http_json(200, resources_json(list->resources, context.catalogue.accepted()));
}

ApiReply get_resource(ApiContext& context, const ApiCall& call) {
  const auto key = key_in(call);
  if (!key) return std::unexpected(key.error());
  const auto stored = context.store.get(*key);
  if (!stored) return std::unexpected(stored.error());
  if (!*stored) return missing(*key);
  return net::http_json(200, resource_json(**stored, context.catalogue.accepted()));
}

ApiReply delete_resource(ApiContext& context, const ApiCall& call) {
  const auto key = key_in(call);
  if (!key) return std::unexpected(key.error());
  const auto stored = context.store.get(*key);
  if (!stored) return std::unexpected(stored.error());
  if (!*stored) return missing(*key);
  const auto verdict = context.catalogue.remove({&*key, 1}, context.now());
  if (!verdict) return std::unexpected(verdict.error());
  if (!verdict->is_accepted) {
    const model::Finding& why = verdict->findings.front();
    return net::http_json(409, error_json("already_exists", why.message + " " + why.remedy, verdict->findings));
  }
  const ApplyOutcome outcome{*key, "deleted"};
  return net::http_json(200, outcomes_json(verdict->revision, {&outcome, 1}, verdict->findings));
}

}  // namespace ripstop::control
