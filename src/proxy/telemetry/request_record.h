// What became of one request or one TCP connection: the single source of metrics and access log lines.
//
// Filled by the exchange as it goes and handed over once, at the end. Views are valid during that call only.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/time.h"
#include "model/cluster.h"
#include "model/listener.h"
#include "net/stream.h"
#include "protocol/head.h"

namespace ripstop::proxy {

// Why a request did not simply pass; names as in Envoy's %RESPONSE_FLAGS%. A record holds at most two.
enum class ResponseFlag : uint8_t {
  kNone,
  kNoHealthyUpstream,          // UH
  kUpstreamConnectionFailure,  // UF
  kUpstreamOverflow,           // UO
  kNoRouteFound,               // NR
  kUpstreamRetryLimit,         // URX
  kNoClusterFound,             // NC
  kDownstreamTermination,      // DC
  kUpstreamTimeout,            // UT
  kUpstreamTermination,        // UC
  kUpstreamRemoteReset,        // UR
  kUpstreamProtocolError,      // UPE
  kDownstreamProtocolError,    // DPE
  kDelayInjected,              // DI
  kFaultInjected,              // FI
  kRateLimited,                // RL
  kDurationTimeout,            // DT
  kStreamIdleTimeout,          // SI
  kLocalReset,                 // LR
  kOverload,                   // OM
};

// "UH"; "" for kNone.
[[nodiscard]] std::string_view to_string(ResponseFlag flag);

struct RequestRecord {
  // The side that reports: outbound listeners are the source's, inbound ones the destination's.
  model::Direction direction = model::Direction::kUnspecified;
  bool is_tcp = false;
  bool is_grpc = false;
  TimePoint start{};
  WallTime start_wall{};
  Duration duration{};           // until the last byte of the response
  Duration upstream_duration{};  // until the response head; zero when there was none

  const protocol::RequestHead* request = nullptr;  // nullptr: TCP, or the head could not be read
  uint16_t status = 0;                             // 0: TCP, or nothing could be sent
  uint32_t grpc_status = 0;
  bool has_grpc_status = false;
  std::array<ResponseFlag, 2> flags{};
  std::string_view details;                 // "via_upstream", "route_not_found", a parser fault's token, …
  std::string_view transport_failure;       // what TLS or the kernel said of the upstream
  std::string_view connection_termination;  // what ended the downstream connection, if not the client
  uint64_t request_bytes = 0;               // content, without heads
  uint64_t response_bytes = 0;
  uint32_t attempts = 0;
  std::string_view upstream_service_time;  // response header x-envoy-upstream-service-time, when present

  std::string_view route_name;
  std::string_view route_label;               // for metrics; empty: no route was found, or TCP
  const model::Cluster* cluster = nullptr;    // nullptr: none was chosen
  const model::Endpoint* endpoint = nullptr;  // the last attempt's
  SocketAddress upstream_local;
  SocketAddress downstream_local;  // original destination where there is one
  SocketAddress downstream_remote;
  const net::TlsSession* downstream_tls = nullptr;
  const model::PeerLabels* peer = nullptr;  // inbound: who the client's proxy said it is; nullptr unknown

  void add_flag(ResponseFlag flag) {
    if (flags[0] == ResponseFlag::kNone) {
      flags[0] = flag;
    } else if (flags[0] != flag) {
      flags[1] = flag;
    }
  }
};

// One per worker. Not thread-safe but for what its implementation reads from other threads on a scrape.
class Telemetry {
 public:
  virtual ~Telemetry() = default;
  // `logs` of the HTTP connection manager or TCP proxy that handled it.
  virtual void on_end(const RequestRecord& record, const std::vector<model::AccessLog>& logs) = 0;
  virtual void on_tcp_open(const RequestRecord& record) = 0;
  // Bytes that came and went on a TCP connection since the last report: every few seconds while it lives, and once more
  // right before on_end(), which does not count them again.
  virtual void on_tcp_bytes(const RequestRecord& record, uint64_t received, uint64_t sent) = 0;
};

}  // namespace ripstop::proxy
