// Bodies of replies, to JSON. Bytes that are not UTF-8 are replaced, as the texts are whatever people wrote.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "control/identity/authority.h"
#include "control/intake/catalogue.h"
#include "control/push/ads_service.h"
#include "control/store/record.h"
#include "model/finding.h"

namespace ripstop::control {

[[nodiscard]] std::string error_json(std::string_view code, std::string_view message);
// An error that findings explain.
[[nodiscard]] std::string error_json(std::string_view code, std::string_view message, const model::Findings& findings);
[[nodiscard]] std::string health_json(uint64_t revision);
[[nodiscard]] std::string findings_json(const model::Findings& findings);

struct ApplyOutcome {
  ResourceKey key;
  std::string_view outcome;  // created, configured, unchanged, refused, deleted
};
[[nodiscard]] std::string outcomes_json(uint64_t revision, std::span<const ApplyOutcome> outcomes,
                                        const model::Findings& findings);

// `accepted` knows the version that each was written in.
[[nodiscard]] std::string resource_json(const Resource& resource, const AcceptedSet& accepted);
[[nodiscard]] std::string resources_json(std::span<const Resource> resources, const AcceptedSet& accepted);

using Registrations = std::map<std::string, StoredRegistration>;
[[nodiscard]] std::string workloads_json(const Workloads& workloads, const Registrations& registrations);

// What a workload needs to start its proxy.
struct Welcome {
  const model::Workload& workload;
  std::string_view join_token;
  std::string_view xds_address;
  std::string_view roots_pem;
  std::string_view cluster_id;
  std::string_view mesh_id;
};
[[nodiscard]] std::string welcome_json(const Welcome& welcome);

[[nodiscard]] std::string services_json(const model::Snapshot& snapshot);
[[nodiscard]] std::string proxies_json(std::span<const AdsService::ProxyStatus> proxies, uint64_t revision);
// One line, with its end.
[[nodiscard]] std::string change_json(const Change& change);
[[nodiscard]] std::string rotation_json(RotationPhase phase, const TrustBundle& bundle);

}  // namespace ripstop::control
