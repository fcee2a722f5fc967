// The public contract of the room: text -> resources -> a model::MeshConfig, with everything that was found on the way.
// Pure functions, safe to call from any thread. Nothing here stops at the first problem.
//
// read() takes documents apart and needs only apiVersion and kind; compile() checks names and understands `spec`. A
// resource with an error in it is refused whole and contributes nothing to the mesh; the others stay.
// Findings that concern several resources together (a subset nobody defines, two rules for one host) are never errors:
// the order in which resources arrive must not decide whether they are taken.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/finding.h"
#include "model/service.h"
#include "model/snapshot.h"

namespace ripstop::dialect {

struct Node;

struct Source {
  std::string file;                           // as the user gave it; "<stdin>" for standard input
  std::string text;                           // at most 8 MiB
  uint32_t first_line = 1;                    // of `text` in `file`
  std::string default_namespace = "default";  // of resources that name none
};

struct Resource {
  std::string api_version;  // "networking.istio.io/v1"
  std::string kind;         // "VirtualService"
  std::string ns;           // empty for cluster-wide kinds
  std::string name;
  std::string file;
  uint32_t line = 0;     // of the document's first line
  std::string text;      // that one document as written; items of a List are written anew
  int64_t created = 0;   // Unix time in microseconds, 0 unknown; older wins. From metadata.creationTimestamp
  model::Labels labels;  // metadata.labels
  // What `text` says, so that it is parsed once. compile() parses `text` itself when this is null.
  std::shared_ptr<const Node> tree;

  [[nodiscard]] std::string_view group() const;    // "networking.istio.io"; empty for the core group
  [[nodiscard]] std::string_view version() const;  // "v1"
  [[nodiscard]] std::string title() const;         // "VirtualService default/reviews", as in Finding::resource
};

struct ReadResult {
  std::vector<Resource> resources;
  model::Findings findings;
};

// Kinds `List` and `*List` are expanded into their items. Documents that are not readable as resources are left out,
// with an error each.
[[nodiscard]] ReadResult read(const Source& source);

// What else is in the mesh, so that references can be checked: services the control plane knows from workloads.
struct Surroundings {
  struct KnownWorkload {
    std::string ns;
    model::Labels labels;
  };
  std::vector<model::Service> services;
  std::vector<KnownWorkload> workloads;
  // True when resources and surroundings together are the whole mesh. Otherwise what is missing may simply not have
  // been given, and a missing host is only mentioned when the given services make a mistake likely.
  bool is_complete = false;
};

struct Compiled {
  model::MeshConfig mesh;
  model::Findings findings;
  std::vector<bool> refused;  // by index of the resource given
};

// Two resources of one kind, namespace and name: the later one replaces the earlier, with a warning.
[[nodiscard]] Compiled compile(std::span<const Resource> resources, const model::MeshSettings& settings,
                               const Surroundings& surroundings = {});

enum class Support : uint8_t {
  kHonoured,   // compiled
  kPlanned,    // a mesh's own kind that is accepted and not honoured yet: a warning
  kBystander,  // a platform's kind that often lies in the same files: a note
};

struct Kind {
  std::string_view name;                       // "VirtualService"
  std::string_view plural;                     // "virtualservices"
  std::span<const std::string_view> aliases;   // "vs"
  std::string_view group;                      // "networking.istio.io"
  std::span<const std::string_view> versions;  // newest first
  Support support = Support::kBystander;
  bool is_namespaced = true;
};

[[nodiscard]] std::span<const Kind> known_kinds();

// By kind, plural, singular or alias, whatever the case, as people type it; "kind.group" chooses among equals. Null
// when unknown.
[[nodiscard]] const Kind* find_kind(std::string_view word);
// Exactly this kind of this group.
[[nodiscard]] const Kind* find_kind(std::string_view group, std::string_view name);
// The kind that was probably meant, for "did you mean …?".
[[nodiscard]] std::optional<std::string> nearest_kind(std::string_view word);

}  // namespace ripstop::dialect
