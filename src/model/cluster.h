// Upstreams as the data plane runs them. Mirrors envoy.config.cluster.v3 and envoy.config.endpoint.v3.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/time.h"
#include "model/health_check.h"
#include "model/match.h"
#include "model/origin.h"
#include "model/tls.h"

namespace ripstop::model {

struct Locality {
  std::string region;
  std::string zone;
  std::string sub_zone;
  auto operator<=>(const Locality&) const = default;
};

enum class Health : uint8_t { kUnknown, kHealthy, kUnhealthy, kDraining, kTimeout, kDegraded };

// Who an endpoint is, for metric labels. Empty fields are reported as "unknown".
struct PeerLabels {
  std::string workload;
  std::string ns;
  std::string app;
  std::string version;
  std::string canonical_service;
  std::string canonical_revision;
  std::string cluster;
  std::string principal;  // SPIFFE ID, when known from configuration or from the peer's certificate
  bool operator==(const PeerLabels&) const = default;
};

struct Endpoint {
  SocketAddress address;
  std::string hostname;  // for STRICT_DNS and LOGICAL_DNS, where `address.ip` is not yet known; else empty
  Health health = Health::kUnknown;
  uint32_t weight = 1;
  bool takes_mtls = false;  // transport-socket match tlsMode=istio
  PeerLabels labels;
  bool operator==(const Endpoint&) const = default;
};

struct LocalityEndpoints {
  Locality locality;
  uint32_t priority = 0;
  uint32_t weight = 0;  // 0: not weighted by locality
  std::vector<Endpoint> endpoints;
  bool operator==(const LocalityEndpoints&) const = default;
};

// One ClusterLoadAssignment.
struct LoadAssignment {
  std::string cluster;
  std::vector<LocalityEndpoints> localities;
  uint32_t overprovisioning_percent = 140;
  bool operator==(const LoadAssignment&) const = default;
};

enum class Discovery : uint8_t { kStatic, kEds, kStrictDns, kLogicalDns, kOriginalDst };

enum class Balancing : uint8_t { kRoundRobin, kLeastRequest, kRandom, kClusterProvided };

// Absent or 0xFFFFFFFF means no limit; a dialect fills its own profile.
struct CircuitBreaker {
  uint32_t max_connections = 1024;
  uint32_t max_pending_requests = 1024;
  uint32_t max_requests = 1024;
  uint32_t max_retries = 3;
  bool operator==(const CircuitBreaker&) const = default;
};

// Fields as in Envoy's OutlierDetection; 0 for a consecutive count switches that detector off.
struct OutlierDetection {
  uint32_t consecutive_5xx = 5;
  uint32_t consecutive_gateway_failure = 0;
  uint32_t consecutive_local_origin_failure = 0;
  bool split_local_origin = false;
  Duration interval = std::chrono::seconds(10);
  Duration base_ejection = std::chrono::seconds(30);
  Duration max_ejection = std::chrono::seconds(300);
  uint32_t max_ejection_percent = 10;
  bool always_eject_one = false;  // even where max_ejection_percent of the hosts is less than one host
  bool operator==(const OutlierDetection&) const = default;
};

struct TcpKeepalive {
  uint32_t probes = 0;  // 0: the system's
  Duration idle{};
  Duration interval{};
  bool operator==(const TcpKeepalive&) const = default;
};

enum class UpstreamProtocol : uint8_t {
  kHttp1,
  kHttp2,
  kSameAsDownstream,
  kNegotiated,  // by ALPN; HTTP/1 where the connection is not secured
};

struct Cluster {
  std::string name;
  Discovery discovery = Discovery::kEds;
  std::string eds_name;                      // kEds: the assignment's name, empty for the cluster's own
  std::optional<LoadAssignment> assignment;  // kStatic and the DNS kinds
  Balancing balancing = Balancing::kRoundRobin;
  uint32_t least_request_choices = 2;
  uint32_t panic_percent = 50;                         // 0 switches panic routing off
  Duration connect_timeout = std::chrono::seconds(5);  // until TLS is done
  std::optional<Duration> idle_timeout;                // of pooled connections; absent: one hour
  Duration dns_refresh = std::chrono::seconds(5);
  uint32_t max_requests_per_connection = 0;  // 0: no limit
  // Age at which a connection gets no more requests; absent: the proxy's default where requests share connections.
  std::optional<Duration> max_connection_duration;
  UpstreamProtocol protocol = UpstreamProtocol::kHttp1;
  CircuitBreaker breaker;
  std::optional<OutlierDetection> outlier;
  std::optional<HealthCheck> health_check;
  std::optional<TcpKeepalive> keepalive;
  std::optional<UpstreamTls> tls;     // for every endpoint …
  bool tls_only_where_taken = false;  // … or, when set, only for those with Endpoint::takes_mtls
  // The application behind this proxy: on a plain machine dialled through the broker in its network namespace.
  bool is_application = false;
  PeerLabels service_labels;  // canonical service and namespace for TCP and passthrough metrics
  std::string service_host;   // destination_service label
  OriginRef origin;           // not part of equality
  bool operator==(const Cluster& other) const;
};

}  // namespace ripstop::model
