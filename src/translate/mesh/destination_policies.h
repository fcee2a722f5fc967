// Which DestinationPolicy is in force for a client's calls to a host, and what it says about one port and subset.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/mesh_policy.h"
#include "model/service.h"
#include "translate/proxy.h"

namespace ripstop::translate {

using DestinationPolicyRef = std::shared_ptr<const model::DestinationPolicy>;

// A client as policies see it.
struct Client {
  std::string ns;
  model::Labels labels;  // only those that some policy or rule of the mesh asks for
  Profile profile = Profile::kRipstop;
  bool operator==(const Client&) const = default;
};

class DestinationPolicies {
 public:
  // `policies` oldest first.
  DestinationPolicies(const std::vector<DestinationPolicyRef>& policies, std::string root_namespace);

  // Looks in the client's namespace, the service's, the root's; within the first that has any, the most specific host
  // wins, and one that selects the client wins over one for all (selectors count only in the client's namespace).
  // Several of that same host, scope and audience are one: subsets are joined, the first of a name wins; traffic
  // policy and port policies are the first's that has any. Null when there is none.
  [[nodiscard]] DestinationPolicyRef find(const Client& client, const model::Service& service) const;

 private:
  using ByHost = std::map<std::string, std::vector<DestinationPolicyRef>, std::less<>>;
  [[nodiscard]] DestinationPolicyRef find_in(const std::string& ns, const Client& client,
                                             const std::vector<std::string>& patterns) const;
  std::string root_namespace_;
  std::map<std::string, ByHost, std::less<>> by_namespace_;
};

// The traffic policy for one port, and one subset unless null. A subset's parts override the host's; the policy of a
// port replaces all parts of its level, so what it leaves out returns to the default.
[[nodiscard]] model::TrafficPolicy effective_policy(const model::DestinationPolicy* policy, const model::Subset* subset,
                                                    uint16_t port);

}  // namespace ripstop::translate
