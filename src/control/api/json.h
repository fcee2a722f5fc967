// The API's JSON: from what the control plane holds to text, and from requests to values. nlohmann's header stays out
// of other sources: everything here is text.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "control/intake/catalogue.h"
#include "control/push/ads_service.h"
#include "control/store/store.h"
#include "model/finding.h"

namespace ripstop::control {

struct ApplyRequest {
  std::vector<dialect::Source> sources;
  bool is_dry_run = false;
};
[[nodiscard]] Result<ApplyRequest> parse_apply(std::string_view body);

// What `ripstop run` asks for.
struct Registration {
  std::string service;
  std::string ns = "default";
  std::string service_account = "default";
  model::Labels labels;
  struct Port {
    uint16_t port = 0;
    SocketAddress address;
    std::string name;
  };
  std::vector<Port> ports;
  std::string admin_address;
  int pid = 0;
};
// Errors name the field.
[[nodiscard]] Result<Registration> parse_registration(std::string_view body);

struct RegisteredText {
  std::string id;
  std::string workload;
  std::string spiffe_id;
  std::string join_token;
  std::string xds_address;
  std::string roots_pem;
  std::string cluster_id;
  std::string mesh_id;
  std::string trust_domain;
};
[[nodiscard]] std::string to_json(const RegisteredText& registered);

struct ApplyOutcome {
  ResourceKey key;
  std::string outcome;  // created, configured, unchanged, refused
};
[[nodiscard]] std::string apply_json(uint64_t revision, std::span<const ApplyOutcome> outcomes,
                                     const model::Findings& findings);
[[nodiscard]] std::string findings_json(const model::Findings& findings);
[[nodiscard]] std::string resource_json(const Resource& resource);
[[nodiscard]] std::string resources_json(std::span<const Resource> resources);
[[nodiscard]] std::string workloads_json(const Workloads& workloads);
[[nodiscard]] std::string services_json(const model::Snapshot& snapshot);
[[nodiscard]] std::string proxies_json(std::span<const AdsService::ProxyStatus> proxies, uint64_t revision);
[[nodiscard]] std::string change_json(const Change& change);
[[nodiscard]] std::string health_json(uint64_t revision);
[[nodiscard]] std::string rotation_json(RotationPhase phase);
[[nodiscard]] std::string error_json(std::string_view code, std::string_view message);

// Labels that carry what a registered workload is beside the model: where its admin pages are, and its process.
inline constexpr std::string_view kAdminLabel = "ripstop.io/admin-address";
inline constexpr std::string_view kProcessLabel = "ripstop.io/process";

}  // namespace ripstop::control
