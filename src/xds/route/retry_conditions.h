// The names that retry_on gives its conditions.
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "model/route.h"

namespace ripstop::xds {

inline constexpr std::array<std::pair<std::string_view, model::RetryOn>, 15> kRetryConditions = {{
    {"5xx", model::RetryOn::k5xx},
    {"gateway-error", model::RetryOn::kGatewayError},
    {"reset", model::RetryOn::kReset},
    {"reset-before-request", model::RetryOn::kResetBeforeRequest},
    {"connect-failure", model::RetryOn::kConnectFailure},
    {"refused-stream", model::RetryOn::kRefusedStream},
    {"retriable-4xx", model::RetryOn::kRetriable4xx},
    {"retriable-status-codes", model::RetryOn::kRetriableStatusCodes},
    {"retriable-headers", model::RetryOn::kRetriableHeaders},
    {"cancelled", model::RetryOn::kGrpcCancelled},
    {"deadline-exceeded", model::RetryOn::kGrpcDeadlineExceeded},
    {"internal", model::RetryOn::kGrpcInternal},
    {"resource-exhausted", model::RetryOn::kGrpcResourceExhausted},
    {"unavailable", model::RetryOn::kGrpcUnavailable},
    {"envoy-ratelimited", model::RetryOn::kEnvoyRatelimited},
}};

}  // namespace ripstop::xds
