// Policies of the mesh by service or by workload, as translate reads them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/cluster.h"
#include "model/origin.h"
#include "model/service.h"

namespace ripstop::model {

enum class ClientTlsMode : uint8_t { kDisable, kSimple, kMutual, kMesh };  // kMesh: ISTIO_MUTUAL

struct ClientTls {
  ClientTlsMode mode = ClientTlsMode::kDisable;
  std::string sni;
  std::vector<std::string> subject_alt_names;
  std::string certificate_file;  // kMutual
  std::string key_file;
  std::string roots_file;
  bool operator==(const ClientTls&) const = default;
};

enum class LoadBalancer : uint8_t { kLeastRequest, kRoundRobin, kRandom, kPassthrough };

struct ConnectionPool {
  std::optional<uint32_t> max_connections;
  std::optional<uint32_t> max_pending_requests;
  std::optional<uint32_t> max_requests;
  std::optional<uint32_t> max_retries;
  std::optional<uint32_t> max_requests_per_connection;
  std::optional<Duration> connect_timeout;
  std::optional<Duration> idle_timeout;
  std::optional<TcpKeepalive> keepalive;
  std::optional<bool> upgrade_to_http2;
  bool operator==(const ConnectionPool&) const = default;
};

// A subset's parts override the host's; what both leave out follows the dialect's defaults. The policy of a port
// replaces all parts of its level at once: what it leaves out returns to the defaults and is not inherited.
struct TrafficPolicy {
  std::optional<LoadBalancer> load_balancer;
  std::optional<ConnectionPool> connection_pool;
  std::optional<OutlierDetection> outlier;
  std::optional<uint32_t> min_health_percent;  // panic threshold
  std::optional<ClientTls> tls;
  bool operator==(const TrafficPolicy&) const = default;
};

struct Subset {
  std::string name;
  Labels labels;
  TrafficPolicy policy;
  std::map<uint16_t, TrafficPolicy> port_policies;
  OriginRef origin;
};

struct DestinationPolicy {
  std::string host;  // fully qualified, may start with "*."
  std::string ns;
  std::vector<std::string> export_to;
  std::optional<Labels> client_selector;  // workloadSelector
  TrafficPolicy policy;
  std::map<uint16_t, TrafficPolicy> port_policies;
  std::vector<Subset> subsets;
  int64_t created = 0;
  OriginRef origin;
};

enum class MtlsMode : uint8_t { kUnset, kDisable, kPermissive, kStrict };

// Which mTLS a server asks for. Workload (selector) over namespace over mesh (root namespace); unset inherits; the
// oldest wins within a scope; nothing at all means permissive.
struct ServerMtls {
  std::string ns;
  std::optional<Labels> selector;
  MtlsMode mode = MtlsMode::kUnset;
  std::map<uint16_t, MtlsMode> port_modes;  // by application port
  int64_t created = 0;
  OriginRef origin;
};

}  // namespace ripstop::model
