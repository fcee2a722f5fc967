#include "policy/attempt/outlier.h"

#include <algorithm>

namespace ripstop::policy {
namespace {

// Adds to a run of failures or ends it; true when the run has reached the threshold, which also ends it.
bool extend_run(uint32_t& run, bool is_failure, uint32_t threshold) {
  if (!is_failure || threshold == 0) {
    run = 0;
    return false;
  }
  if (++run < threshold) return false;
  run = 0;
  return true;
}

}  // namespace

Ejection OutlierDetector::count(OutlierState& state, HostOutcome outcome) const {
  const bool has_response = outcome.kind == HostOutcome::Kind::kResponse;
  if (settings_.split_local_origin) {
    const uint32_t threshold = settings_.consecutive_local_origin_failure;
    if (extend_run(state.consecutive_local_origin, !has_response, threshold)) return Ejection::kLocalOrigin;
    if (!has_response) return Ejection::kNone;
  }
  uint16_t status = outcome.status;
  if (outcome.kind == HostOutcome::Kind::kFailed) status = 503;
  if (outcome.kind == HostOutcome::Kind::kTimeout) status = 504;
  const bool is_gateway = status >= 502 && status <= 504;
  // Both runs are counted whatever becomes of the first.
  const bool gateway_is_full = extend_run(state.consecutive_gateway, is_gateway, settings_.consecutive_gateway_failure);
  const bool is_5xx = status >= 500 && status <= 599;
  if (extend_run(state.consecutive_5xx, is_5xx, settings_.consecutive_5xx)) return Ejection::k5xx;
  return gateway_is_full ? Ejection::kGateway : Ejection::kNone;
}

bool OutlierDetector::may_eject(const HostSet& hosts) const {
  const uint64_t ejected = hosts.ejected_count();
  if (ejected == 0 && settings_.always_eject_one) return true;
  const uint64_t limit = std::min(settings_.max_ejection_percent, 100U);
  return 100 * (ejected + 1) <= limit * hosts.hosts().size();
}

Duration OutlierDetector::ejection_time(const OutlierState& state) const {
  const Duration longest = std::max(settings_.max_ejection, settings_.base_ejection);
  if (settings_.base_ejection <= Duration::zero()) return Duration::zero();
  const auto turns = std::min<int64_t>(state.ejections, longest / settings_.base_ejection + 1);
  return std::min(longest, settings_.base_ejection * turns);
}

Ejection OutlierDetector::record(HostSet& hosts, Host& host, HostOutcome outcome, TimePoint now, Random& random) const {
  const Ejection ejection = count(host.outlier, outcome);
  if (ejection == Ejection::kNone || host.outlier.is_ejected || !host.is_member) return Ejection::kNone;
  if (!may_eject(hosts)) return Ejection::kNone;
  ++host.outlier.ejections;
  hosts.eject(host, now, random);
  return ejection;
}

uint32_t OutlierDetector::tick(HostSet& hosts, TimePoint now, Random& random) const {
  uint32_t restored = 0;
  for (const HostRef& host : hosts.hosts()) {
    OutlierState& state = host->outlier;
    if (!state.is_ejected) {
      if (state.ejections > 0) --state.ejections;
      continue;
    }
    if (now - state.ejected_at < ejection_time(state)) continue;
    state.consecutive_5xx = 0;
    state.consecutive_gateway = 0;
    state.consecutive_local_origin = 0;
    hosts.restore(*host, random);
    ++restored;
  }
  return restored;
}

}  // namespace ripstop::policy
