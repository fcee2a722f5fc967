// Whether a failed attempt is made again, and after what pause. Follows Envoy's router (x-envoy-retry-on and
// x-envoy-retry-grpc-on): the configuration decides, the request's method does not, so a policy with "5xx" repeats a
// POST. Conditions set by request headers are not honoured.
//
// Which outcome which condition covers:
//   response      5xx: 500-599; gateway-error: 502, 503, 504; retriable-4xx: 409; retriable-status-codes: those listed;
//                 the gRPC conditions: the status in the response's headers (a "trailers-only" answer).
//                 With x-envoy-ratelimited only envoy-ratelimited covers it, and nothing else.
//   connect fails connect-failure, and all that cover a reset
//   reset         reset, 5xx, gateway-error; refused-stream if the peer refused the stream; reset-before-request if no
//                 byte of the request was sent
//   per-try time-out  as a reset
//   overflow      never: the circuit breaker refused it
// retriable-headers covers nothing, for the model carries no list of headers: a list that comes by xDS is refused, and
// a VirtualService that names the condition is warned about.
//
// Never retried: once the response has begun to go downstream, or when the request's body is not whole any more.
//
// One exception needs no policy (Retry::kIfReused): a connection out of the pool that closed before any byte of a
// response, since the peer may have closed it before it saw the request. Repeated once, at once and on a fresh
// connection, when nothing of the request was sent or the method is idempotent (RFC 9110 section 9.2.2). It counts
// neither against the policy nor against the breaker. A stream that the peer says it has not looked at is such a case.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/random.h"
#include "base/time.h"
#include "model/route.h"
#include "policy/attempt/breaker.h"

namespace ripstop::policy {

struct AttemptOutcome {
  enum class Kind : uint8_t {
    kResponse,
    kConnectFailure,  // refused, timed out, or TLS failed
    kReset,           // the connection or the stream ended before the response's head was complete
    kRefusedStream,   // HTTP/2 REFUSED_STREAM, or above the last stream of a GOAWAY
    kPerTryTimeout,
    kOverflow,
  };
  Kind kind = Kind::kResponse;
  uint16_t status = 0;                  // of a kResponse
  std::optional<uint32_t> grpc_status;  // of a kResponse, when its head has one
  bool is_rate_limited = false;         // the head has x-envoy-ratelimited
  bool response_started = false;        // some of it went downstream
  bool can_replay = true;               // there is no request body, or all of it is still at hand
  bool request_started = true;          // at least a byte of the request was sent
  bool connection_was_reused = false;
  bool is_idempotent = false;  // the method; see is_idempotent()
};

struct RetryDecision {
  enum class Verdict : uint8_t {
    kNo,        // the outcome stands
    kRetry,     // try again after `pause`
    kLimit,     // would retry, but the policy's number is used up (flag URX)
    kOverflow,  // would retry, but too many retries run already (the cluster's breaker)
  };
  Verdict verdict = Verdict::kNo;
  Duration pause{};
  bool needs_fresh_connection = false;
};

// The retries of one request. Lives with the exchange on its worker; holds one of the breaker's retry slots while a
// retried attempt runs.
class Retries {
 public:
  // `policy` may be nullptr. Both must outlive this.
  Retries(const model::RetryPolicy* policy, Breaker& breaker) : policy_(policy), breaker_(&breaker) {}

  // What to do after an attempt; call it once per attempt. Gives back the slot of the attempt that just ended.
  RetryDecision decide(const AttemptOutcome& outcome, Random& random);

  // Retries begun so far, those without a policy included.
  [[nodiscard]] uint32_t count() const { return used_ + (used_implicit_ ? 1 : 0); }

 private:
  const model::RetryPolicy* policy_;
  Breaker* breaker_;
  Breaker::Permit slot_;
  uint32_t used_ = 0;
  bool used_implicit_ = false;
};

// Does the policy cover this outcome? Without regard to numbers, breaker and body.
[[nodiscard]] bool is_retriable(const model::RetryPolicy& policy, const AttemptOutcome& outcome);

// Pause before retry number `retry`, from 1: uniform in [0, base * 2^(retry-1)), the bound at most max_interval.
[[nodiscard]] Duration backoff(const model::RetryPolicy& policy, uint32_t retry, Random& random);

// RFC 9110 section 9.2.2; methods are case-sensitive.
[[nodiscard]] bool is_idempotent(std::string_view method);

}  // namespace ripstop::policy
