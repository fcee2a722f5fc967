// What the metrics of proxies say about the traffic of each service, version and route: Ripstop's own per route, or
// Istio's standard metrics, which know no routes, of a proxy that has no others. Pure.
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "cli/stat/prometheus.h"

namespace ripstop::cli {

struct TrafficKey {
  std::string service;  // "reviews"
  std::string ns;
  std::string version;
  std::string route;  // "" where proxies do not say
  auto operator<=>(const TrafficKey&) const = default;
};

struct Traffic {
  double requests = 0;
  double failures = 0;               // status 5xx, no response, or a gRPC status other than OK
  double mutual_tls = 0;             // requests that came over mTLS
  std::map<double, double> latency;  // upper bound in milliseconds -> requests up to it

  // nullopt without requests.
  [[nodiscard]] std::optional<double> success_rate() const;
  // Counts a sample of istio_requests_total or istio_request_duration_milliseconds_bucket, or of their counterparts per
  // route; passes others over.
  void add(const Sample& sample);
  // What came on top of `before`. A counter that went back began anew.
  [[nodiscard]] Traffic since(const Traffic& before) const;
  Traffic& operator+=(const Traffic& other);
};

using TrafficTable = std::map<TrafficKey, Traffic>;

class TrafficReport {
 public:
  // Adds one proxy's samples: those per route where it has some, so that nothing is counted twice.
  void add(std::span<const Sample> samples);
  // What clients' proxies saw (failures to connect and retries included); what servers' proxies saw where no client
  // has a proxy. Which share of its requests came over mTLS only the servers' side can tell, and it knows nothing of
  // the clients' routes: every route of a service and version is given the whole's share.
  [[nodiscard]] TrafficTable preferred() const;
  // What happened since `before`: both as add() made them. A counter that went back began anew.
  [[nodiscard]] TrafficReport since(const TrafficReport& before) const;

 private:
  TrafficTable by_source_;
  TrafficTable by_destination_;
};

// The latency in milliseconds that a share `quantile` of the requests kept to, interpolated inside its bucket as
// Prometheus' histogram_quantile does; the highest finite bound when it lies beyond. nullopt without requests.
[[nodiscard]] std::optional<double> percentile(const Traffic& traffic, double quantile);

}  // namespace ripstop::cli
