#include "policy/attempt/retry.h"

#include <algorithm>
#include <array>

namespace ripstop::policy {
namespace {

using model::RetryOn;

constexpr std::array<std::pair<uint32_t, RetryOn>, 5> kGrpcConditions = {{
    {1, RetryOn::kGrpcCancelled},
    {4, RetryOn::kGrpcDeadlineExceeded},
    {8, RetryOn::kGrpcResourceExhausted},
    {13, RetryOn::kGrpcInternal},
    {14, RetryOn::kGrpcUnavailable},
}};

bool covers_response(const model::RetryPolicy& policy, const AttemptOutcome& outcome) {
  if (outcome.is_rate_limited) return has(policy.on, RetryOn::kEnvoyRatelimited);
  const uint16_t status = outcome.status;
  if (has(policy.on, RetryOn::k5xx) && status >= 500 && status <= 599) return true;
  if (has(policy.on, RetryOn::kGatewayError) && status >= 502 && status <= 504) return true;
  if (has(policy.on, RetryOn::kRetriable4xx) && status == 409) return true;
  if (has(policy.on, RetryOn::kRetriableStatusCodes) &&
      std::ranges::find(policy.status_codes, status) != policy.status_codes.end()) {
    return true;
  }
  if (!outcome.grpc_status) return false;
  const auto* condition =
      std::ranges::find(kGrpcConditions, *outcome.grpc_status, &std::pair<uint32_t, RetryOn>::first);
  return condition != kGrpcConditions.end() && has(policy.on, condition->second);
}

// The pool may have handed out a connection that the peer was just closing.
bool may_blame_reuse(const AttemptOutcome& outcome) {
  if (outcome.kind == AttemptOutcome::Kind::kRefusedStream) return !outcome.request_started;
  return outcome.kind == AttemptOutcome::Kind::kReset && outcome.connection_was_reused &&
         (outcome.is_idempotent || !outcome.request_started);
}

}  // namespace

bool is_idempotent(std::string_view method) {
  constexpr std::array<std::string_view, 6> kMethods = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};
  return std::ranges::find(kMethods, method) != kMethods.end();
}

bool is_retriable(const model::RetryPolicy& policy, const AttemptOutcome& outcome) {
  using Kind = AttemptOutcome::Kind;
  if (outcome.kind == Kind::kOverflow) return false;
  if (outcome.kind == Kind::kResponse) return covers_response(policy, outcome);
  if (has(policy.on, RetryOn::k5xx | RetryOn::kGatewayError | RetryOn::kReset)) return true;
  if (outcome.kind == Kind::kConnectFailure && has(policy.on, RetryOn::kConnectFailure)) return true;
  if (outcome.kind == Kind::kRefusedStream && has(policy.on, RetryOn::kRefusedStream)) return true;
  return !outcome.request_started && has(policy.on, RetryOn::kResetBeforeRequest);
}

Duration backoff(const model::RetryPolicy& policy, uint32_t retry, Random& random) {
  const Duration base = std::max(policy.base_interval, Duration(1));
  const Duration longest = std::max(policy.max_interval, base);
  Duration bound = base;
  for (uint32_t doubled = 1; doubled < retry && bound < longest; ++doubled) {
    bound = bound > longest / 2 ? longest : bound * 2;
  }
  return Duration(static_cast<Duration::rep>(random.below(static_cast<uint64_t>(bound.count()))));
}

RetryDecision Retries::decide(const AttemptOutcome& outcome, Random& random) {
  using Verdict = RetryDecision::Verdict;
  slot_.release();
  if (outcome.response_started || !outcome.can_replay) return {};
  if (!used_implicit_ && may_blame_reuse(outcome)) {
    used_implicit_ = true;
    return {.verdict = Verdict::kRetry, .needs_fresh_connection = true};
  }
  if (policy_ == nullptr || !is_retriable(*policy_, outcome)) return {};
  if (used_ >= policy_->retries) return {.verdict = Verdict::kLimit};
  slot_ = breaker_->acquire(Resource::kRetries);
  if (!slot_) return {.verdict = Verdict::kOverflow};
  ++used_;
  return {.verdict = Verdict::kRetry, .pause = backoff(*policy_, used_, random)};
}

}  // namespace ripstop::policy
