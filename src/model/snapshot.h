// The whole mesh at one moment: immutable once built, shared between threads by pointer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/mesh_policy.h"
#include "model/mesh_route.h"
#include "model/service.h"

namespace ripstop::model {

// What a dialect makes of a set of resources. Several are merged into a Snapshot.
struct MeshConfig {
  std::vector<Service> services;
  std::vector<Workload> workloads;
  std::vector<HttpRoutes> http_routes;
  std::vector<L4Routes> l4_routes;
  std::vector<DestinationPolicy> destination_policies;
  std::vector<ServerMtls> server_mtls;
};

struct MeshSettings {
  std::string trust_domain = "cluster.local";
  std::string dns_domain = "cluster.local";  // of mesh services: NAME.NS.svc.<dns_domain>
  std::string root_namespace = "istio-system";
  std::string cluster_id = "Kubernetes";
  bool registry_only = false;  // outbound to unknown hosts: refuse instead of pass through
  bool access_log = false;
  bool access_log_json = false;
};

struct Snapshot {
  uint64_t revision = 0;  // grows with every change
  MeshSettings settings;
  MeshConfig mesh;
};

using SnapshotRef = std::shared_ptr<const Snapshot>;

}  // namespace ripstop::model
