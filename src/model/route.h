// HTTP routing as the data plane runs it: an ordered list per virtual host, first match wins. Names clusters.
// Mirrors envoy.config.route.v3 for the fields that Ripstop honours.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "model/match.h"
#include "model/origin.h"

namespace ripstop::model {

struct HeaderValue {
  std::string name;
  std::string value;
  bool operator==(const HeaderValue&) const = default;
};

// Applied in this order: remove, set (replaces every value), add (appends one more).
struct HeaderEdits {
  std::vector<std::string> remove;
  std::vector<HeaderValue> set;
  std::vector<HeaderValue> add;
  [[nodiscard]] bool is_empty() const { return remove.empty() && set.empty() && add.empty(); }
  bool operator==(const HeaderEdits&) const = default;
};

// Conditions as Envoy's retry_on names them, as bits.
enum class RetryOn : uint32_t {
  kNone = 0,
  k5xx = 1U << 0,
  kGatewayError = 1U << 1,  // 502, 503, 504
  kReset = 1U << 2,
  kResetBeforeRequest = 1U << 3,
  kConnectFailure = 1U << 4,
  kRefusedStream = 1U << 5,
  kRetriable4xx = 1U << 6,  // 409
  kRetriableStatusCodes = 1U << 7,
  kRetriableHeaders = 1U << 8,
  kGrpcCancelled = 1U << 9,
  kGrpcDeadlineExceeded = 1U << 10,
  kGrpcInternal = 1U << 11,
  kGrpcResourceExhausted = 1U << 12,
  kGrpcUnavailable = 1U << 13,
  kEnvoyRatelimited = 1U << 14,
};
[[nodiscard]] constexpr RetryOn operator|(RetryOn left, RetryOn right) {
  return static_cast<RetryOn>(static_cast<uint32_t>(left) | static_cast<uint32_t>(right));
}
[[nodiscard]] constexpr bool has(RetryOn set, RetryOn one) {
  return (static_cast<uint32_t>(set) & static_cast<uint32_t>(one)) != 0;
}

struct RetryPolicy {
  uint32_t retries = 0;  // beyond the first attempt
  RetryOn on = RetryOn::kNone;
  std::vector<uint16_t> status_codes;       // for kRetriableStatusCodes
  std::optional<Duration> per_try_timeout;  // absent: the route's time-out alone
  Duration base_interval = std::chrono::milliseconds(25);
  Duration max_interval = std::chrono::milliseconds(250);
  bool avoid_previous_hosts = false;
  uint32_t host_selection_attempts = 1;
  bool operator==(const RetryPolicy&) const = default;
};

struct WeightedCluster {
  std::string cluster;
  uint32_t weight = 1;
  HeaderEdits request_headers;
  HeaderEdits response_headers;
  std::string host_rewrite;  // empty: keep
  bool operator==(const WeightedCluster&) const = default;
};

struct RegexRewrite {
  std::string pattern;       // RE2
  std::string substitution;  // \1 … \9
  bool operator==(const RegexRewrite&) const = default;
};

struct Mirror {
  std::string cluster;
  uint32_t per_million = 1'000'000;
  bool operator==(const Mirror&) const = default;
};

struct Forward {
  std::vector<WeightedCluster> clusters;      // at least one; shares are weight / sum of weights
  std::optional<std::string> prefix_rewrite;  // replaces what the path match matched
  std::optional<RegexRewrite> regex_rewrite;
  std::string host_rewrite;              // empty: keep
  std::optional<Duration> timeout;       // absent: no limit
  std::optional<Duration> idle_timeout;  // absent: the connection's own
  // A gRPC caller's own deadline (grpc-timeout) takes the place of `timeout`, cut to this unless it is zero; absent: it
  // is not looked at.
  std::optional<Duration> grpc_timeout_max;
  std::optional<RetryPolicy> retry;  // absent: the virtual host's
  std::vector<Mirror> mirrors;
  std::vector<std::string> upgrades;  // lower case, "websocket"; beyond the connection's own
  bool operator==(const Forward&) const = default;
};

struct Redirect {
  uint16_t status = 301;
  std::string scheme;  // empty: keep
  std::string host;    // empty: keep
  std::optional<uint16_t> port;
  std::optional<std::string> path;  // whole path
  std::optional<std::string> prefix_rewrite;
  bool strip_query = false;
  bool operator==(const Redirect&) const = default;
};

struct DirectResponse {
  uint16_t status = 200;
  std::string body;
  bool operator==(const DirectResponse&) const = default;
};

// Istio's fault injection; shares in parts per million.
struct Fault {
  uint32_t delay_per_million = 0;
  Duration delay{};
  uint32_t abort_per_million = 0;
  uint16_t abort_status = 0;
  bool operator==(const Fault&) const = default;
};

// Inbound servers of xDS only: the request goes to the application behind this proxy (gRPC's non_forwarding_action).
struct NonForwarding {
  bool operator==(const NonForwarding&) const = default;
};

using RouteAction = std::variant<Forward, Redirect, DirectResponse, NonForwarding>;

struct Route {
  std::string name;
  RouteMatch match;
  RouteAction action;
  HeaderEdits request_headers;
  HeaderEdits response_headers;
  std::optional<Fault> fault;
  std::string operation;  // span name, Envoy's decorator; empty: none
  OriginRef origin;       // travels as route metadata; not part of equality
  bool operator==(const Route& other) const {
    return name == other.name && match == other.match && action == other.action &&
           request_headers == other.request_headers && response_headers == other.response_headers &&
           fault == other.fault && operation == other.operation;
  }
};

struct VirtualHost {
  std::string name;
  std::vector<std::string> domains;  // exact, "*.suffix", "prefix.*", "*"; lower case
  std::vector<Route> routes;
  std::optional<RetryPolicy> retry;
  HeaderEdits request_headers;
  HeaderEdits response_headers;
  bool include_attempt_count = false;  // x-envoy-attempt-count towards the upstream
  bool operator==(const VirtualHost&) const = default;
};

// One RouteConfiguration. Domain choice: exact, longest suffix, longest prefix, "*". A request no virtual host or
// route takes is answered 404 (response flag NR).
struct RouteTable {
  std::string name;
  std::vector<VirtualHost> virtual_hosts;
  HeaderEdits request_headers;
  HeaderEdits response_headers;
  bool validate_clusters = false;
  bool ignore_port_in_host = false;
  uint32_t max_direct_response_bytes = 4096;
  bool operator==(const RouteTable&) const = default;
};

}  // namespace ripstop::model
