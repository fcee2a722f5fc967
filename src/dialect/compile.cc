#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "dialect/dialect.h"
#include "dialect/document.h"
#include "dialect/envelope.h"
#include "dialect/istio/cross_check.h"
#include "dialect/istio/readers.h"
#include "dialect/report.h"

namespace ripstop::dialect {
namespace {

template <typename T>
void append(std::vector<T>& to, std::vector<T>& from) {
  std::ranges::move(from, std::back_inserter(to));
}

void append(model::MeshConfig& to, model::MeshConfig& from) {
  append(to.services, from.services);
  append(to.workloads, from.workloads);
  append(to.http_routes, from.http_routes);
  append(to.l4_routes, from.l4_routes);
  append(to.destination_policies, from.destination_policies);
  append(to.server_mtls, from.server_mtls);
}

// The findings of one resource in the order of its text; readers ask for fields in an order of their own.
void sort_by_place(std::span<model::Finding> findings) {
  std::ranges::sort(findings, {}, [](const model::Finding& finding) {
    return std::tie(finding.line, finding.column, finding.field, finding.code, finding.message);
  });
}

class Compilation {
 public:
  Compilation(std::span<const Resource> resources, const model::MeshSettings& settings)
      : resources_(resources), settings_(settings) {
    result_.refused.resize(resources.size(), false);
    trees_.resize(resources.size());
  }

  Compiled run(const Surroundings& surroundings);

 private:
  void find_replaced();
  void compile_one(size_t index);
  bool has_tree(size_t index);
  void pass_over(const Resource& resource, const Kind* kind);

  std::span<const Resource> resources_;
  const model::MeshSettings& settings_;
  Compiled result_;
  istio::References references_;
  std::vector<std::shared_ptr<const Node>> trees_;
  std::set<size_t> replaced_;
  std::set<std::pair<std::string_view, std::string_view>> mentioned_;  // kinds with a finding already
};

void Compilation::find_replaced() {
  std::map<std::tuple<std::string_view, std::string_view, std::string_view, std::string_view>, size_t> latest;
  for (size_t i = 0; i < resources_.size(); ++i) {
    const Resource& resource = resources_[i];
    const auto [found, is_new] = latest.try_emplace({resource.group(), resource.kind, resource.ns, resource.name}, i);
    if (is_new) continue;
    replaced_.insert(found->second);
    found->second = i;
  }
}

// Kinds that are not compiled are mentioned once each, not once per resource.
void Compilation::pass_over(const Resource& resource, const Kind* kind) {
  if (!mentioned_.emplace(resource.group(), resource.kind).second) return;
  Report report(resource.title(), resource.file, result_.findings);
  const Place place{{resource.line, 1}, "kind"};
  if (kind != nullptr && kind->support == Support::kBystander) {
    report.note("resource/bystander", place,
                "The kind " + resource.kind + " belongs to the platform and is passed over.");
    return;
  }
  if (kind != nullptr) {
    report.warning("resource/kind-not-honoured", place, "The kind " + resource.kind + " is not honoured yet.",
                   "Go on without its effect.");
    return;
  }
  const auto meant = nearest_kind(resource.kind);
  if (meant == resource.kind) {
    report.warning("resource/unknown-kind", place,
                   quoted(resource.api_version) + " has no kind " + resource.kind + " that is known.",
                   "Write apiVersion: " + std::string(find_kind(*meant)->group) + "/" +
                       std::string(find_kind(*meant)->versions.front()) + ".");
    return;
  }
  report.warning("resource/unknown-kind", place, "The kind " + quoted(resource.kind) + " is not known.",
                 meant ? "Did you mean " + *meant + "?" : "Leave it out, or check apiVersion and kind.");
}

bool Compilation::has_tree(size_t index) {
  const Resource& resource = resources_[index];
  trees_[index] = resource.tree;
  if (trees_[index] != nullptr) return true;
  const size_t findings_before = result_.findings.size();
  const auto documents = read_documents(resource.file, resource.text, std::max(resource.line, 1U), result_.findings);
  if (documents.size() == 1) trees_[index] = documents.front().root;
  if (documents.size() != 1 && result_.findings.size() == findings_before) {
    Report(resource.title(), resource.file, result_.findings)
        .error("resource/not-a-mapping", {{resource.line, 1}, ""}, "The text is not one document.",
               "Give each resource a text of its own.");
  }
  return trees_[index] != nullptr;
}

void Compilation::compile_one(size_t index) {
  const Resource& resource = resources_[index];
  const Kind* kind = find_kind(resource.group(), resource.kind);
  if (kind == nullptr || kind->support != Support::kHonoured) {
    pass_over(resource, kind);
    return;
  }
  const size_t first_finding = result_.findings.size();
  Report report(resource.title(), resource.file, result_.findings);
  if (replaced_.contains(index)) {
    report.warning("resource/replaced", {{resource.line, 1}, "metadata.name"},
                   resource.title() + " is given again further on, and that one counts.", "Keep one of the two.");
  }
  if (!has_tree(index)) {
    result_.refused[index] = true;
    return;
  }
  model::MeshConfig contribution;
  check_envelope(resource, *kind, *trees_[index], report);
  istio::References references;
  istio::read_resource({resource, settings_, report, references, index}, *trees_[index], contribution);
  sort_by_place(std::span(result_.findings).subspan(first_finding));
  result_.refused[index] = report.has_error();
  if (report.has_error() || replaced_.contains(index)) return;
  append(result_.mesh, contribution);
  references_.append(std::move(references));
}

Compiled Compilation::run(const Surroundings& surroundings) {
  find_replaced();
  for (size_t i = 0; i < resources_.size(); ++i) compile_one(i);
  istio::cross_check({resources_, settings_, surroundings, result_.mesh, references_}, result_.findings);
  return std::move(result_);
}

}  // namespace

Compiled compile(std::span<const Resource> resources, const model::MeshSettings& settings,
                 const Surroundings& surroundings) {
  return Compilation(resources, settings).run(surroundings);
}

}  // namespace ripstop::dialect
