// Istio's defaults as the model's values, for what a resource leaves unsaid. Hosts that no resource mentions get the
// same profile from translate.
#pragma once

#include <chrono>

#include "model/cluster.h"
#include "model/route.h"

namespace ripstop::dialect::istio {

// Of a route without `retries`. The status codes' bit is Istio's too, though it lists no code.
[[nodiscard]] inline model::RetryPolicy default_retry() {
  using enum model::RetryOn;
  model::RetryPolicy policy;
  policy.retries = 2;
  policy.on = kConnectFailure | kRefusedStream | kGrpcUnavailable | kGrpcCancelled | kRetriableStatusCodes;
  policy.base_interval = std::chrono::milliseconds(25);
  policy.max_interval = std::chrono::milliseconds(250);
  policy.avoid_previous_hosts = true;
  policy.host_selection_attempts = 5;
  return policy;
}

// Of an `outlierDetection` block before its fields: local failures are told apart only when it says so, and then five
// in a row eject.
[[nodiscard]] inline model::OutlierDetection default_outlier() {
  model::OutlierDetection outlier;
  outlier.consecutive_5xx = 5;
  outlier.consecutive_gateway_failure = 0;
  outlier.interval = std::chrono::seconds(10);
  outlier.base_ejection = std::chrono::seconds(30);
  outlier.max_ejection = std::chrono::seconds(300);
  outlier.max_ejection_percent = 10;
  // No field of Istio asks for it: a share that is less than one host ejects none.
  outlier.always_eject_one = false;
  return outlier;
}
inline constexpr uint32_t kDefaultLocalOriginFailures = 5;

}  // namespace ripstop::dialect::istio
