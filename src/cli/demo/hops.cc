#include "cli/demo/hops.h"

#include "cli/stat/prometheus.h"

namespace ripstop::cli::demo {

void add_page(HopTable& hops, std::string_view page) {
  const auto samples = parse_prometheus(page, "istio_request");
  if (!samples) return;
  for (const Sample& sample : *samples) {
    if (sample.label("reporter") != "destination") continue;
    const Hop hop{std::string(sample.label("source_workload")), std::string(sample.label("destination_workload"))};
    hops[hop].add(sample);
  }
}

HopTable since(const HopTable& now, const HopTable& before) {
  HopTable passed;
  for (const auto& [hop, traffic] : now) {
    const auto found = before.find(hop);
    Traffic change = found == before.end() ? traffic : traffic.since(found->second);
    if (change.requests > 0) passed.emplace(hop, std::move(change));
  }
  return passed;
}

}  // namespace ripstop::cli::demo
