// Which mTLS a workload asks for (PeerAuthentication): workload over namespace over mesh; unset inherits; the oldest of
// a scope wins; nothing at all means permissive. Port modes count only with a selector, and a selector only outside
// the root namespace.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/mesh_policy.h"
#include "model/service.h"

namespace ripstop::translate {

// The answer for one workload; never kUnset.
struct EffectiveMtls {
  model::MtlsMode mode = model::MtlsMode::kPermissive;
  std::map<uint16_t, model::MtlsMode> port_modes;  // by application port, where they differ
  [[nodiscard]] model::MtlsMode at(uint16_t port) const {
    const auto found = port_modes.find(port);
    return found == port_modes.end() ? mode : found->second;
  }
  bool operator==(const EffectiveMtls&) const = default;
};

class ServerMtlsTable {
 public:
  ServerMtlsTable(const std::vector<model::ServerMtls>& policies, std::string root_namespace);
  [[nodiscard]] EffectiveMtls of(const std::string& ns, const model::Labels& labels) const;

 private:
  struct Scope {
    model::MtlsMode whole = model::MtlsMode::kUnset;  // of the namespace
    std::vector<model::ServerMtls> by_selector;       // oldest first
  };
  std::string root_namespace_;
  std::map<std::string, Scope> scopes_;  // by namespace
};

}  // namespace ripstop::translate
