#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "cli/stat/prometheus.h"
#include "cli/stat/traffic.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto samples = ripstop::cli::parse_prometheus(text, "");
  if (!samples) return 0;
  ripstop::cli::TrafficReport report;
  report.add(*samples);
  for (const auto& [key, traffic] : report.preferred()) {
    const auto median = ripstop::cli::percentile(traffic, 0.5);
    if (median && *median < 0) abort();
  }
  return 0;
}
