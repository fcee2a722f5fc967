// How much of a cluster's traffic each priority takes, from how many of its hosts are available; Envoy's algorithm
// ("Priority levels", "Degraded endpoints" and "Panic threshold" in its load-balancing documentation).
//
// A priority's availability is its share of healthy hosts times the overprovisioning factor, at most 100 %: with 140 %,
// traffic moves to the next priority only when more than 28 % of a priority's hosts are gone.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ripstop::policy {

struct PriorityHealth {
  uint32_t total = 0;
  uint32_t healthy = 0;
  uint32_t degraded = 0;  // used for what healthy hosts of all priorities cannot take
};

struct PriorityLoad {
  uint32_t healthy_percent = 0;
  uint32_t degraded_percent = 0;
  // So few hosts are available that all of them are used, whatever their health.
  bool is_panic = false;
  bool operator==(const PriorityLoad&) const = default;
};

// One per priority. The percentages add up to 100 unless no host can be used; then all are 0.
[[nodiscard]] std::vector<PriorityLoad> priority_loads(std::span<const PriorityHealth> priorities,
                                                       uint32_t overprovisioning_percent, uint32_t panic_percent);

}  // namespace ripstop::policy
