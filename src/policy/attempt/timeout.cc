#include "policy/attempt/timeout.h"

#include <algorithm>

namespace ripstop::policy {
namespace {

Duration or_none(std::optional<Duration> timeout) {
  return std::max(timeout.value_or(Duration::zero()), Duration::zero());
}

}  // namespace

ExchangeTimeouts timeouts_of(const CompiledRoute& route, std::optional<Duration> stream_idle) {
  ExchangeTimeouts timeouts{.idle = or_none(stream_idle)};
  const auto* forward = std::get_if<model::Forward>(&route.route->action);
  if (forward == nullptr) return timeouts;
  timeouts.route = or_none(forward->timeout);
  if (forward->idle_timeout) timeouts.idle = or_none(forward->idle_timeout);
  if (route.retry != nullptr) timeouts.per_try = or_none(route.retry->per_try_timeout);
  if (timeouts.route > Duration::zero() && timeouts.per_try >= timeouts.route) timeouts.per_try = Duration::zero();
  return timeouts;
}

AttemptDeadline attempt_deadline(const ExchangeTimeouts& timeouts, TimePoint route_deadline, TimePoint now) {
  const TimePoint own = deadline_after(now, timeouts.per_try);
  if (own < route_deadline) return {own, true};
  return {route_deadline, false};
}

}  // namespace ripstop::policy
