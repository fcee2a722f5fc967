#include "policy/attempt/retry.h"

#include <gtest/gtest.h>

namespace ripstop::policy {
namespace {

using namespace std::chrono_literals;
using model::RetryOn;
using Kind = AttemptOutcome::Kind;
using Verdict = RetryDecision::Verdict;

AttemptOutcome response(uint16_t status) {
  return {.kind = Kind::kResponse, .status = status};
}

AttemptOutcome grpc(uint32_t status) {
  return {.kind = Kind::kResponse, .status = 200, .grpc_status = status};
}

struct Row {
  const char* name;
  RetryOn on;
  AttemptOutcome outcome;
  bool retries;
};

TEST(Retry, RepeatsOnceWhatThePeerHasNotLookedAt) {
  Breaker breaker({});
  Random random(1);
  Retries retries(nullptr, breaker);
  AttemptOutcome refused{.kind = AttemptOutcome::Kind::kRefusedStream, .request_started = false};
  EXPECT_EQ(retries.decide(refused, random).verdict, RetryDecision::Verdict::kRetry);
  EXPECT_EQ(retries.decide(refused, random).verdict, RetryDecision::Verdict::kNo);
  refused.can_replay = false;
  Retries without_body(nullptr, breaker);
  EXPECT_EQ(without_body.decide(refused, random).verdict, RetryDecision::Verdict::kNo);
}

TEST(Retry, CoversWhatEnvoysConditionsCover) {
  const AttemptOutcome connect{.kind = Kind::kConnectFailure, .request_started = false};
  const AttemptOutcome reset{.kind = Kind::kReset};
  const AttemptOutcome early_reset{.kind = Kind::kReset, .request_started = false};
  const AttemptOutcome refused{.kind = Kind::kRefusedStream};
  const AttemptOutcome timeout{.kind = Kind::kPerTryTimeout};
  const AttemptOutcome overflow{.kind = Kind::kOverflow, .request_started = false};
  AttemptOutcome limited = response(503);
  limited.is_rate_limited = true;
  const std::vector<Row> rows = {
      {"5xx", RetryOn::k5xx, response(500), true},
      {"5xx", RetryOn::k5xx, response(599), true},
      {"5xx", RetryOn::k5xx, response(499), false},
      {"5xx", RetryOn::k5xx, connect, true},
      {"5xx", RetryOn::k5xx, reset, true},
      {"5xx", RetryOn::k5xx, refused, true},
      {"5xx", RetryOn::k5xx, timeout, true},
      {"5xx", RetryOn::k5xx, overflow, false},
      {"5xx", RetryOn::k5xx, limited, false},
      {"gateway-error", RetryOn::kGatewayError, response(500), false},
      {"gateway-error", RetryOn::kGatewayError, response(502), true},
      {"gateway-error", RetryOn::kGatewayError, response(504), true},
      {"gateway-error", RetryOn::kGatewayError, response(505), false},
      {"gateway-error", RetryOn::kGatewayError, timeout, true},
      {"gateway-error", RetryOn::kGatewayError, reset, true},
      {"reset", RetryOn::kReset, reset, true},
      {"reset", RetryOn::kReset, connect, true},
      {"reset", RetryOn::kReset, timeout, true},
      {"reset", RetryOn::kReset, response(503), false},
      {"connect-failure", RetryOn::kConnectFailure, connect, true},
      {"connect-failure", RetryOn::kConnectFailure, reset, false},
      {"connect-failure", RetryOn::kConnectFailure, timeout, false},
      {"refused-stream", RetryOn::kRefusedStream, refused, true},
      {"refused-stream", RetryOn::kRefusedStream, reset, false},
      {"reset-before-request", RetryOn::kResetBeforeRequest, early_reset, true},
      {"reset-before-request", RetryOn::kResetBeforeRequest, connect, true},
      {"reset-before-request", RetryOn::kResetBeforeRequest, reset, false},
      {"retriable-4xx", RetryOn::kRetriable4xx, response(409), true},
      {"retriable-4xx", RetryOn::kRetriable4xx, response(404), false},
      {"retriable-status-codes", RetryOn::kRetriableStatusCodes, response(418), true},
      {"retriable-status-codes", RetryOn::kRetriableStatusCodes, response(503), false},
      {"listed but not asked for", RetryOn::kConnectFailure, response(418), false},
      {"cancelled", RetryOn::kGrpcCancelled, grpc(1), true},
      {"deadline-exceeded", RetryOn::kGrpcDeadlineExceeded, grpc(4), true},
      {"resource-exhausted", RetryOn::kGrpcResourceExhausted, grpc(8), true},
      {"internal", RetryOn::kGrpcInternal, grpc(13), true},
      {"unavailable", RetryOn::kGrpcUnavailable, grpc(14), true},
      {"unavailable", RetryOn::kGrpcUnavailable, grpc(13), false},
      {"unavailable", RetryOn::kGrpcUnavailable, grpc(0), false},
      {"envoy-ratelimited", RetryOn::kEnvoyRatelimited, limited, true},
      {"envoy-ratelimited", RetryOn::kEnvoyRatelimited, response(503), false},
      {"none", RetryOn::kNone, reset, false},
  };
  for (const Row& row : rows) {
    const model::RetryPolicy policy{.retries = 1, .on = row.on, .status_codes = {418, 425}};
    EXPECT_EQ(is_retriable(policy, row.outcome), row.retries)
        << row.name << " on kind " << static_cast<int>(row.outcome.kind) << " status " << row.outcome.status;
  }
}

class RetryDecisions : public testing::Test {
 protected:
  Random random_{1};
  Breaker breaker_{{.max_retries = 2}};
  model::RetryPolicy policy_{.retries = 2, .on = RetryOn::k5xx};
};

TEST_F(RetryDecisions, StopAtThePolicysNumber) {
  Retries retries(&policy_, breaker_);
  EXPECT_EQ(retries.decide(response(503), random_).verdict, Verdict::kRetry);
  EXPECT_EQ(retries.decide(response(503), random_).verdict, Verdict::kRetry);
  EXPECT_EQ(retries.decide(response(503), random_).verdict, Verdict::kLimit);
  EXPECT_EQ(retries.count(), 2u);
  EXPECT_EQ(breaker_.in_use(Resource::kRetries), 0u);
}

TEST_F(RetryDecisions, HoldOneOfTheBreakersSlotsWhileTheRetryRuns) {
  Retries first(&policy_, breaker_);
  {
    Retries second(&policy_, breaker_);
    Retries third(&policy_, breaker_);
    EXPECT_EQ(first.decide(response(503), random_).verdict, Verdict::kRetry);
    EXPECT_EQ(second.decide(response(503), random_).verdict, Verdict::kRetry);
    EXPECT_EQ(third.decide(response(503), random_).verdict, Verdict::kOverflow);
    EXPECT_EQ(third.count(), 0u);
  }
  EXPECT_EQ(breaker_.in_use(Resource::kRetries), 1u);
  EXPECT_EQ(first.decide(response(200), random_).verdict, Verdict::kNo);
  EXPECT_EQ(breaker_.in_use(Resource::kRetries), 0u);
}

TEST_F(RetryDecisions, NeverRepeatWhatCannotBeRepeated) {
  Retries retries(&policy_, breaker_);
  AttemptOutcome outcome = response(503);
  outcome.response_started = true;
  EXPECT_EQ(retries.decide(outcome, random_).verdict, Verdict::kNo);
  outcome = response(503);
  outcome.can_replay = false;
  EXPECT_EQ(retries.decide(outcome, random_).verdict, Verdict::kNo);
}

TEST_F(RetryDecisions, LeaveTheMethodToTheConfiguration) {
  Retries retries(&policy_, breaker_);
  AttemptOutcome outcome = response(503);
  outcome.is_idempotent = false;
  EXPECT_EQ(retries.decide(outcome, random_).verdict, Verdict::kRetry);
}

TEST_F(RetryDecisions, RepeatOnceWithoutPolicyWhenAReusedConnectionCloses) {
  const AttemptOutcome stale{.kind = Kind::kReset, .connection_was_reused = true, .is_idempotent = true};
  Retries retries(nullptr, breaker_);
  const RetryDecision decision = retries.decide(stale, random_);
  EXPECT_EQ(decision.verdict, Verdict::kRetry);
  EXPECT_EQ(decision.pause, Duration::zero());
  EXPECT_TRUE(decision.needs_fresh_connection);
  EXPECT_EQ(breaker_.in_use(Resource::kRetries), 0u);
  EXPECT_EQ(retries.decide(stale, random_).verdict, Verdict::kNo);
  EXPECT_EQ(retries.count(), 1u);

  const auto verdict = [&](auto change) {
    AttemptOutcome outcome = stale;
    change(outcome);
    return Retries(nullptr, breaker_).decide(outcome, random_).verdict;
  };
  EXPECT_EQ(verdict([](AttemptOutcome& o) { o.connection_was_reused = false; }), Verdict::kNo);
  EXPECT_EQ(verdict([](AttemptOutcome& o) { o.is_idempotent = false; }), Verdict::kNo);
  EXPECT_EQ(verdict([](AttemptOutcome& o) { o.is_idempotent = o.request_started = false; }), Verdict::kRetry);
  EXPECT_EQ(verdict([](AttemptOutcome& o) { o.can_replay = false; }), Verdict::kNo);
  EXPECT_EQ(verdict([](AttemptOutcome& o) { o.response_started = true; }), Verdict::kNo);
  EXPECT_EQ(verdict([](AttemptOutcome& o) { o.kind = Kind::kPerTryTimeout; }), Verdict::kNo);
}

TEST_F(RetryDecisions, DoNotChargeTheImplicitRepeatToThePolicy) {
  const AttemptOutcome stale{.kind = Kind::kReset, .connection_was_reused = true, .is_idempotent = true};
  policy_.retries = 1;
  Retries retries(&policy_, breaker_);
  EXPECT_TRUE(retries.decide(stale, random_).needs_fresh_connection);
  EXPECT_EQ(retries.decide(response(503), random_).verdict, Verdict::kRetry);
  EXPECT_EQ(retries.decide(response(503), random_).verdict, Verdict::kLimit);
}

TEST(Backoff, DoublesItsRangeUpToTheMaximum) {
  const model::RetryPolicy policy{.base_interval = 25ms, .max_interval = 90ms};
  Random random(11);
  uint32_t retry = 0;
  for (const Duration bound : {25ms, 50ms, 90ms, 90ms}) {
    ++retry;
    Duration longest{};
    Duration shortest = bound;
    for (int i = 0; i < 2'000; ++i) {
      const Duration pause = backoff(policy, retry, random);
      longest = std::max(longest, pause);
      shortest = std::min(shortest, pause);
    }
    EXPECT_LT(longest, bound) << retry;
    EXPECT_GT(longest, bound * 95 / 100) << retry;
    EXPECT_LT(shortest, bound / 20) << retry;
  }
}

TEST(Backoff, HoldsOutWithUnusualIntervals) {
  Random random(11);
  EXPECT_EQ(backoff({.base_interval = 0ms, .max_interval = 0ms}, 9, random), Duration::zero());
  EXPECT_LT(backoff({.base_interval = 50ms, .max_interval = 10ms}, 4'000'000'000U, random), 50ms);
  const model::RetryPolicy endless{.base_interval = 1ms, .max_interval = Duration::max()};
  EXPECT_GE(backoff(endless, 4'000'000'000U, random), Duration::zero());
}

TEST(Idempotence, IsAPropertyOfTheMethodsOfRfc9110) {
  for (const char* method : {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"}) EXPECT_TRUE(is_idempotent(method));
  for (const char* method : {"POST", "PATCH", "CONNECT", "get", ""}) EXPECT_FALSE(is_idempotent(method));
}

}  // namespace
}  // namespace ripstop::policy
