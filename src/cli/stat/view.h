// Traffic as a table for the terminal and as JSON. Pure.
#pragma once

#include <string>

#include "cli/output/table.h"
#include "cli/stat/traffic.h"

namespace ripstop::cli {

struct TrafficView {
  TrafficTable shown;         // counts, success rates, latencies
  TrafficTable recent;        // what happened in the window, for the rates
  double window_seconds = 1;  // above zero
};

[[nodiscard]] std::string render_traffic(const TrafficView& view, const Palette& palette);
// {"window_seconds", "traffic": [{"service", "namespace", "version", "route", "requests", "success_rate", "rps",
// "p50", "p95", "p99", "mtls"}]}; latencies in milliseconds, null where there is nothing to say.
[[nodiscard]] std::string traffic_to_json(const TrafficView& view);

// Ten cells, filled as far as `share` (0 to 1) reaches.
[[nodiscard]] std::string bar(double share);

}  // namespace ripstop::cli
