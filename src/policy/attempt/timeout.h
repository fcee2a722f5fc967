// Which time-outs hold for a request, from its route and its connection's settings. Zero means none everywhere.
//
//   route     from the moment the request is complete to the end of the response, all attempts and pauses included
//   per try   of one attempt, from its start to the response's head; dropped when it is not shorter than the route's
//   idle      no byte in either direction; the route's own, else the connection's stream_idle_timeout
//
// x-envoy-upstream-rq-timeout-ms and its per-try sister are not honoured: a client does not set a mesh's limits.
// grpc-timeout takes the place of the route's time-out where the route has a grpc_timeout_max; whoever has the request
// sees to that.
#pragma once

#include <optional>

#include "base/time.h"
#include "model/route.h"
#include "policy/route/route_table.h"

namespace ripstop::policy {

struct ExchangeTimeouts {
  Duration route{};
  Duration per_try{};
  Duration idle{};
  bool operator==(const ExchangeTimeouts&) const = default;
};

[[nodiscard]] ExchangeTimeouts timeouts_of(const CompiledRoute& route, std::optional<Duration> stream_idle);

// When an attempt that begins now must have its response's head: the earlier of the route's deadline and the attempt's.
struct AttemptDeadline {
  TimePoint at = kNever;
  bool is_per_try = false;  // reaching it may be retried; reaching the route's ends the request with 504 (flag UT)
};
[[nodiscard]] AttemptDeadline attempt_deadline(const ExchangeTimeouts& timeouts, TimePoint route_deadline,
                                               TimePoint now);

}  // namespace ripstop::policy
