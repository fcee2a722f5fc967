// Prometheus' text exposition format, version 0.0.4, for scraping proxies. Pure, under budgets.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace ripstop::cli {

struct Sample {
  std::string name;
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;

  // "" when there is none.
  [[nodiscard]] std::string_view label(std::string_view key) const;
};

// Samples whose names start with `prefix`; comments, time stamps and exemplars are passed over. kParse names the line;
// kTooLarge at more than a million samples, or 64 labels on one.
[[nodiscard]] Result<std::vector<Sample>> parse_prometheus(std::string_view text, std::string_view prefix);

}  // namespace ripstop::cli
