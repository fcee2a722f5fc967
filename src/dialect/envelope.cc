#include "dialect/envelope.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"
#include "dialect/names.h"

namespace ripstop::dialect {
namespace {

constexpr std::string_view kTopKeys[] = {"apiVersion", "kind", "metadata", "spec", "status"};
constexpr std::string_view kMetadataKeys[] = {"name",
                                              "namespace",
                                              "labels",
                                              "annotations",
                                              "creationTimestamp",
                                              "uid",
                                              "resourceVersion",
                                              "generation",
                                              "finalizers",
                                              "ownerReferences",
                                              "managedFields",
                                              "selfLink",
                                              "deletionTimestamp",
                                              "generateName",
                                              "deletionGracePeriodSeconds"};

void check_keys(const Node& node, std::span<const std::string_view> known, std::string_view path, Report& report) {
  const std::vector<std::string> candidates(known.begin(), known.end());
  for (const Node::Entry& entry : node.entries) {
    if (std::ranges::find(known, entry.key) != known.end()) continue;
    report.error("resource/unknown-field", {entry.key_at, std::string(path) + entry.key},
                 "A resource has no field " + quoted(entry.key) + " here.",
                 report.suggest(entry.key, candidates, "Remove it, or check its indentation."));
  }
}

void check_version(const Resource& resource, const Kind& kind, const Node& root, Report& report) {
  if (std::ranges::find(kind.versions, resource.version()) != kind.versions.end()) return;
  const std::vector<std::string> served(kind.versions.begin(), kind.versions.end());
  const Node* written = root.find("apiVersion");
  report.error("resource/unsupported-version", {written == nullptr ? root.at : written->at, "apiVersion"},
               resource.kind + " has no version " + quoted(resource.version()) + ".",
               "Use one of " + join(served, ", ") + ".");
}

void check_name(const Resource& resource, const Node& metadata, Report& report) {
  const Node* name = metadata.find("name");
  if (name == nullptr || name->kind == Node::Kind::kNull) {
    report.error("resource/no-name", {metadata.at, "metadata.name"}, "The resource has no name.",
                 "Give metadata a name; generateName is not enough.");
  } else if (name->kind != Node::Kind::kText || !is_dns_subdomain(resource.name)) {
    report.error("resource/bad-name", {name->at, "metadata.name"},
                 quoted(name->text) + " is not a name that a resource can have.",
                 name->kind == Node::Kind::kText
                     ? "Use lower-case letters, digits, '-' and '.', with a letter or digit at both ends."
                     : "Put it in quotes: without them YAML reads " + std::string(name->kind_name()) + ".");
  }
}

void check_namespace(const Resource& resource, const Node& metadata, Report& report) {
  const Node* ns = metadata.find("namespace");
  if (ns == nullptr || ns->kind == Node::Kind::kNull) return;
  if (ns->kind == Node::Kind::kText && is_dns_label(resource.ns)) return;
  report.error("resource/bad-namespace", {ns->at, "metadata.namespace"},
               quoted(ns->text) + " is not a name that a namespace can have.",
               "Use at most 63 lower-case letters, digits and '-', as a quoted string if it is a number.");
}

}  // namespace

void check_envelope(const Resource& resource, const Kind& kind, const Node& root, Report& report) {
  check_keys(root, kTopKeys, "", report);
  check_version(resource, kind, root, report);
  const Node* metadata = root.find("metadata");
  if (metadata == nullptr || metadata->kind != Node::Kind::kMap) {
    report.error("resource/no-name", {metadata == nullptr ? root.at : metadata->at, "metadata"},
                 "The resource has no metadata.", "Give it metadata with a name.");
    return;
  }
  check_keys(*metadata, kMetadataKeys, "metadata.", report);
  check_name(resource, *metadata, report);
  check_namespace(resource, *metadata, report);
}

}  // namespace ripstop::dialect
