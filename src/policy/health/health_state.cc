#include "policy/health/health_state.h"

#include <utility>

namespace ripstop::policy {
namespace {

Duration up_to(Duration most, Random& random) {
  if (most <= Duration::zero()) return {};
  return Duration(static_cast<Duration::rep>(random.below(static_cast<uint64_t>(most.count()))));
}

}  // namespace

bool HealthState::record(HealthProbe result, const model::HealthCheck& check) {
  const bool is_first = !std::exchange(is_known_, true);
  if (result == HealthProbe::kPassed) {
    failed_ = 0;
    if (is_passing_ || (++passed_ < check.healthy_threshold && !is_first)) return false;
    is_passing_ = true;
    return true;
  }
  passed_ = 0;
  if (!is_passing_) return false;
  if (++failed_ < check.unhealthy_threshold && result == HealthProbe::kUnreachable) return false;
  is_passing_ = false;
  failed_ = 0;
  return true;
}

Duration pause_before_check(const model::HealthCheck& check, bool is_passing, Random& random) {
  constexpr int kHundred = 100;
  const Duration base = is_passing ? check.interval : check.unhealthy_interval.value_or(check.interval);
  return base + up_to(check.interval_jitter, random) +
         up_to(base / kHundred * static_cast<Duration::rep>(check.interval_jitter_percent), random);
}

}  // namespace ripstop::policy
