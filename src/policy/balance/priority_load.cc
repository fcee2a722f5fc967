#include "policy/balance/priority_load.h"

#include <algorithm>

namespace ripstop::policy {
namespace {

constexpr uint32_t kAll = 100;

uint32_t availability(uint32_t available, uint32_t total, uint32_t overprovisioning_percent) {
  if (total == 0) return 0;
  return static_cast<uint32_t>(std::min<uint64_t>(kAll, uint64_t{overprovisioning_percent} * available / total));
}

struct Distribution {
  uint32_t overprovisioning_percent;
  uint32_t normal;  // sum of what is available, at most 100
  uint32_t remaining = kAll;
};

// Hands out what remains in order of priority, to hosts of the kind that `count` counts.
void distribute(Distribution& distribution, std::span<const PriorityHealth> priorities,
                uint32_t PriorityHealth::* count, uint32_t PriorityLoad::* load, std::vector<PriorityLoad>& loads) {
  for (size_t i = 0; i < priorities.size(); ++i) {
    const uint32_t available =
        availability(priorities[i].*count, priorities[i].total, distribution.overprovisioning_percent);
    loads[i].*load = std::min(distribution.remaining, available * kAll / distribution.normal);
    distribution.remaining -= loads[i].*load;
  }
}

// What integer division lost goes to the first priority that has any load.
void give_rest(std::vector<PriorityLoad>& loads, uint32_t rest) {
  for (PriorityLoad& load : loads) {
    if (load.healthy_percent > 0) {
      load.healthy_percent += rest;
      return;
    }
  }
  for (PriorityLoad& load : loads) {
    if (load.degraded_percent > 0) {
      load.degraded_percent += rest;
      return;
    }
  }
}

bool is_panic(const PriorityHealth& priority, uint32_t panic_percent) {
  if (priority.total == 0) return panic_percent > 0;
  return uint64_t{kAll} * (priority.healthy + priority.degraded) < uint64_t{panic_percent} * priority.total;
}

// Nobody is well: every host of every priority takes its part.
void spread_evenly(std::span<const PriorityHealth> priorities, std::vector<PriorityLoad>& loads) {
  uint64_t total = 0;
  for (const PriorityHealth& priority : priorities) total += priority.total;
  uint32_t remaining = total == 0 ? 0 : kAll;
  for (size_t i = 0; i < priorities.size(); ++i) {
    const uint32_t share = total == 0 ? 0 : static_cast<uint32_t>(kAll * uint64_t{priorities[i].total} / total);
    loads[i] = {.healthy_percent = share, .degraded_percent = 0, .is_panic = true};
    remaining -= share;
  }
  give_rest(loads, remaining);
}

}  // namespace

std::vector<PriorityLoad> priority_loads(std::span<const PriorityHealth> priorities, uint32_t overprovisioning_percent,
                                         uint32_t panic_percent) {
  std::vector<PriorityLoad> loads(priorities.size());
  uint32_t normal = 0;
  for (const PriorityHealth& priority : priorities) {
    normal += availability(priority.healthy, priority.total, overprovisioning_percent);
    normal += availability(priority.degraded, priority.total, overprovisioning_percent);
  }
  normal = std::min(normal, kAll);
  if (normal > 0) {
    Distribution distribution{overprovisioning_percent, normal};
    distribute(distribution, priorities, &PriorityHealth::healthy, &PriorityLoad::healthy_percent, loads);
    distribute(distribution, priorities, &PriorityHealth::degraded, &PriorityLoad::degraded_percent, loads);
    give_rest(loads, distribution.remaining);
  }
  if (normal == kAll) return loads;
  bool all_panic = true;
  for (size_t i = 0; i < priorities.size(); ++i) {
    loads[i].is_panic = is_panic(priorities[i], std::min(panic_percent, kAll));
    all_panic = all_panic && loads[i].is_panic;
  }
  if (all_panic) spread_evenly(priorities, loads);
  return loads;
}

}  // namespace ripstop::policy
