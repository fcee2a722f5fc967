// Active health checks of a cluster's hosts. Mirrors envoy.config.core.v3.HealthCheck.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"

namespace ripstop::model {

// A host passes when it answers with an expected status.
struct HttpHealthCheck {
  struct StatusRange {
    uint16_t first = 200;
    uint16_t end = 201;  // not in it any more
    bool operator==(const StatusRange&) const = default;
  };
  std::string host;  // empty: the cluster's name
  std::string path;
  std::vector<StatusRange> expected;  // empty: 200 alone
  bool is_http2 = false;
  bool operator==(const HttpHealthCheck&) const = default;
};

// A host passes when it takes the connection and then sends all of `receive`, in order, other bytes between them or
// not.
struct TcpHealthCheck {
  std::string send;
  std::vector<std::string> receive;
  bool operator==(const TcpHealthCheck&) const = default;
};

// A host passes when grpc.health.v1.Health/Check says SERVING.
struct GrpcHealthCheck {
  std::string service;    // empty: the server as a whole
  std::string authority;  // empty: the cluster's name
  bool operator==(const GrpcHealthCheck&) const = default;
};

struct HealthCheck {
  Duration timeout = std::chrono::seconds(1);  // of one check, with the connection that it needs
  Duration interval = std::chrono::seconds(5);
  std::optional<Duration> unhealthy_interval;  // while a host fails; absent: `interval`
  Duration initial_jitter{};                   // the first check comes within so long
  Duration interval_jitter{};                  // an interval is longer by up to so much …
  uint32_t interval_jitter_percent = 0;        // … and by up to so many hundredths of it
  uint32_t unhealthy_threshold = 1;
  uint32_t healthy_threshold = 1;
  uint16_t alt_port = 0;  // 0: the endpoint's own
  std::variant<TcpHealthCheck, HttpHealthCheck, GrpcHealthCheck> probe;
  bool operator==(const HealthCheck&) const = default;
};

}  // namespace ripstop::model
