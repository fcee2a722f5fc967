// Listeners as the data plane runs them. Mirrors envoy.config.listener.v3, the HTTP connection manager and tcp_proxy.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/address.h"
#include "base/time.h"
#include "model/cluster.h"
#include "model/route.h"
#include "model/tls.h"

namespace ripstop::model {

enum class Direction : uint8_t { kUnspecified, kInbound, kOutbound };

struct AccessLog {
  std::string path = "/dev/stdout";
  bool is_json = false;
  std::string format;  // Envoy's command operators; empty: Istio's default text, or its JSON keys
  bool operator==(const AccessLog&) const = default;
};

// How much of the peer's certificate goes upstream in x-forwarded-client-cert.
enum class ClientCertForwarding : uint8_t { kSanitize, kForwardOnly, kAppendForward, kSanitizeSet, kAlwaysForwardOnly };

enum class EscapedSlashes : uint8_t { kKeep, kReject, kUnescapeRedirect, kUnescapeForward };

enum class HttpCodec : uint8_t { kAuto, kHttp1, kHttp2 };

// HttpConnectionManager.
struct HttpConnection {
  std::string stat_prefix;
  HttpCodec codec = HttpCodec::kAuto;
  std::string route_table_name;             // by RDS …
  std::optional<RouteTable> inline_routes;  // … or here
  std::vector<AccessLog> access_logs;
  std::optional<Duration> idle_timeout = std::chrono::hours(1);  // of the connection, between requests
  std::optional<Duration> max_connection_duration;               // then it ends in order; HTTP/2 only
  std::optional<Duration> stream_idle_timeout = std::chrono::minutes(5);
  std::optional<Duration> request_timeout;
  std::optional<Duration> request_headers_timeout;  // absent: the proxy's safe default (60 s)
  Duration drain_timeout = std::chrono::seconds(5);
  std::string server_name = "ripstop";  // "server" header; empty leaves the application's
  bool generate_request_id = true;
  bool use_remote_address = false;
  bool normalize_path = true;
  bool merge_slashes = false;
  EscapedSlashes escaped_slashes = EscapedSlashes::kKeep;
  ClientCertForwarding client_cert = ClientCertForwarding::kSanitize;
  std::vector<std::string> upgrades;  // lower case: "websocket"
  bool grpc_web = false;              // gRPC-Web clients are served as gRPC ones
  uint32_t max_request_header_bytes = 60 * 1024;
  uint32_t max_request_headers = 100;
  bool operator==(const HttpConnection&) const = default;
};

struct TcpProxy {
  std::string stat_prefix;
  std::vector<WeightedCluster> clusters;  // at least one
  std::optional<Duration> idle_timeout = std::chrono::hours(1);
  std::vector<AccessLog> access_logs;
  bool operator==(const TcpProxy&) const = default;
};

// Most specific wins, in Envoy's order: destination port, destination IP, server name, transport protocol,
// application protocol, source.
struct FilterChainMatch {
  std::optional<uint16_t> destination_port;
  std::vector<CidrBlock> destination_ranges;
  std::vector<std::string> server_names;           // exact or "*.suffix"
  std::string transport_protocol;                  // "tls", "raw_buffer" or empty for any
  std::vector<std::string> application_protocols;  // ALPN, or "http/1.1" and "h2c" as the inspector finds them
  bool operator==(const FilterChainMatch&) const = default;
};

using NetworkFilter = std::variant<HttpConnection, TcpProxy>;

struct FilterChain {
  std::string name;
  FilterChainMatch match;
  std::optional<DownstreamTls> tls;
  NetworkFilter filter;
  bool operator==(const FilterChain&) const = default;
};

struct Listener {
  std::string name;
  SocketAddress address;
  std::vector<SocketAddress> more_addresses;
  bool bind_to_port = true;       // false: only reached through a use_original_dst listener
  bool use_original_dst = false;  // hand the connection to the listener of its original destination
  Direction direction = Direction::kUnspecified;
  bool inspect_tls = false;        // listener filter tls_inspector
  bool inspect_http = false;       // listener filter http_inspector
  bool read_original_dst = false;  // listener filter original_dst
  bool read_proxy_protocol = false;
  Duration inspect_timeout = std::chrono::seconds(15);
  bool continue_on_inspect_timeout = false;  // server-first protocols: go on as opaque TCP
  std::vector<FilterChain> filter_chains;
  std::optional<FilterChain> default_filter_chain;
  bool operator==(const Listener&) const = default;
};

// Names the proxy's DNS answers itself (istio.networking.nds.v1.NameTable).
struct NameTable {
  struct Entry {
    std::string host;  // fully qualified, lower case, without the trailing dot
    std::vector<IpAddress> addresses;
    std::vector<std::string> alt_hosts;  // short forms: "reviews", "reviews.default", "reviews.default.svc"
    bool operator==(const Entry&) const = default;
  };
  std::vector<Entry> entries;
  bool operator==(const NameTable&) const = default;
};

}  // namespace ripstop::model
