// What the proxies counted, hop by hop, as the receiving side saw it.
#pragma once

#include <compare>
#include <map>
#include <string>
#include <string_view>

#include "cli/stat/traffic.h"

namespace ripstop::cli::demo {

struct Hop {
  std::string source;  // workloads; a client outside the mesh is "unknown"
  std::string destination;

  auto operator<=>(const Hop&) const = default;
};

using HopTable = std::map<Hop, Traffic>;

// Adds the page of metrics of one proxy. Nothing of it when it is broken.
void add_page(HopTable& hops, std::string_view page);

// What was added since `before`; hops without a request since then are left out.
[[nodiscard]] HopTable since(const HopTable& now, const HopTable& before);

}  // namespace ripstop::cli::demo
