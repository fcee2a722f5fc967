// The contents of the admin pages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/admin/admin.h"

namespace ripstop::proxy::admin {

struct HostFacts {
  std::string address;
  bool is_healthy = true;
  bool is_ejected = false;
  bool fails_checks = false;
  uint32_t weight = 1;
  uint32_t active_requests = 0;
};
struct ClusterFacts {
  std::string name;
  size_t idle_connections = 0;
  std::vector<HostFacts> hosts;
};

// Of one worker, on its thread.
[[nodiscard]] std::vector<ClusterFacts> look_at_clusters(Worker& worker);

[[nodiscard]] std::string clusters_text(const std::vector<std::vector<ClusterFacts>>& by_worker);
[[nodiscard]] std::string clusters_json(const std::vector<std::vector<ClusterFacts>>& by_worker);
[[nodiscard]] std::string listeners_text(const ConfigStore& store);
[[nodiscard]] std::string listeners_json(const ConfigStore& store);
[[nodiscard]] std::string certificates_json(const SecretStore& secrets);
[[nodiscard]] std::string config_dump(const AdminContext& context, bool with_endpoints);
[[nodiscard]] std::string server_info(const AdminContext& context);
[[nodiscard]] std::string stats_text(const AdminContext& context);

}  // namespace ripstop::proxy::admin
