// What the store keeps, as plain values.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "model/identity.h"
#include "model/service.h"

namespace ripstop::control {

struct ResourceKey {
  std::string group;  // "networking.istio.io", empty for the core group; never with a version
  std::string kind;
  std::string ns;  // empty for cluster-wide kinds
  std::string name;

  // "VirtualService default/reviews"
  [[nodiscard]] std::string to_string() const { return kind + " " + (ns.empty() ? name : ns + "/" + name); }
  auto operator<=>(const ResourceKey&) const = default;
};

// Who may change a resource: the HTTP API, or only the watched folder it was read from.
enum class Owner : uint8_t { kApi = 0, kFolder = 1 };

struct Resource {
  ResourceKey key;
  Owner owner = Owner::kApi;
  std::string text;   // the document exactly as written
  std::string file;   // as the user gave it, empty when unknown
  uint32_t line = 0;  // of the document in `file`, from 1
  // Set by the store.
  int64_t created = 0;        // Unix time in microseconds; kept over updates
  uint64_t revision = 0;      // of the last change
  uint64_t content_hash = 0;  // of `text`
  bool operator==(const Resource&) const = default;
};

// A group of edits that take effect together or not at all.
struct Batch {
  // `revision` 0 overwrites whatever is there; another value must still be the stored resource's.
  std::vector<Resource> put;
  std::vector<ResourceKey> remove;  // missing ones are passed over
  std::vector<model::Workload> put_workloads;
  std::vector<std::string> remove_workloads;  // by id; missing ones are passed over
};

struct Applied {
  uint64_t revision = 0;  // of the store afterwards; unchanged when nothing differed
  size_t changes = 0;     // resources and workloads that differ now
};

struct ResourceList {
  uint64_t revision = 0;            // the state the list shows; watch from here
  std::vector<Resource> resources;  // by group, kind, namespace, name
};

// The newest state of one object that changed.
struct Change {
  struct RemovedResource {
    ResourceKey key;
  };
  struct RemovedWorkload {
    std::string id;
  };
  uint64_t revision = 0;
  std::variant<Resource, model::Workload, RemovedResource, RemovedWorkload> what;
};

struct StoredToken {
  std::string id;           // eight public bytes: finds the row
  std::string secret_hash;  // SHA-256 of the secret; the secret itself is never stored
  model::Identity identity;
  WallTime created;
  WallTime expires;
  uint32_t uses_left = 0;
};

// What is known of a registered workload beside the model: it is of use on this machine only.
struct StoredRegistration {
  std::string workload;       // its id
  std::string token;          // id of the join token that was issued for it
  std::string admin_address;  // of its proxy's admin pages, empty when unknown
  int64_t process = 0;        // of its supervisor, 0 when unknown
  bool operator==(const StoredRegistration&) const = default;
};

}  // namespace ripstop::control
