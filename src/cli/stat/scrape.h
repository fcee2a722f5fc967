// Asking every member's proxy for its metrics.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "cli/api/control_plane.h"
#include "cli/stat/traffic.h"

namespace ripstop::cli {

struct Scrape {
  TrafficReport report;
  TimePoint at{};
  std::vector<std::string> silent;  // members that did not answer
};

// Blocking. Fails only when the control plane does not say who the members are.
[[nodiscard]] Result<Scrape> scrape_members(const ControlPlane& control_plane);

}  // namespace ripstop::cli
