// Where a piece of configuration came from. Every object of the model carries one, so that any verdict can be
// explained.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace ripstop::model {

struct Origin {
  std::string dialect;  // "istio", "gateway-api", …; "ripstop" for what the mesh itself made
  std::string kind;     // "VirtualService"
  std::string ns;       // namespace, empty for cluster-wide kinds
  std::string name;     // resource name
  std::string file;     // path as the user gave it, empty when it came by API
  uint32_t line = 0;    // first line of the resource or of the rule, from 1; 0 unknown
  std::string field;    // path inside the resource, "spec.http[2]"; empty for the whole

  // "VirtualService default/reviews (reviews.yaml:12, spec.http[2])"
  [[nodiscard]] std::string to_string() const;
  bool operator==(const Origin&) const = default;
};

// Shared by all objects that one resource gives rise to. Never null in a Snapshot that a dialect built.
using OriginRef = std::shared_ptr<const Origin>;

}  // namespace ripstop::model
