// What the proxies counted, hop by hop, as the receiving side saw it: from their pages for Prometheus.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace ripstop::cli::demo {

struct Hop {
  std::string source;  // workloads; a client outside the mesh is "unknown"
  std::string destination;

  auto operator<=>(const Hop&) const = default;
};

struct HopFigures {
  uint64_t requests = 0;
  uint64_t failures = 0;                 // status 0 and 500 and above
  uint64_t mutual_tls = 0;               // requests that came over mutual TLS
  std::map<double, uint64_t> within_ms;  // requests that took at most so long, cumulative; the last key is infinite

  // Latency in ms below which `share` (0 to 1) of the requests stayed, interpolated inside a bucket; 0 without any.
  [[nodiscard]] double quantile(double share) const;
  HopFigures& operator+=(const HopFigures& other);
};

using Traffic = std::map<Hop, HopFigures>;

// Adds one proxy's page. Lines of other metrics, of the sending side and broken ones are passed over.
void add_page(Traffic& traffic, std::string_view page);

// What was added since `before`; hops without a request since then are left out.
[[nodiscard]] Traffic since(const Traffic& now, const Traffic& before);

}  // namespace ripstop::cli::demo
