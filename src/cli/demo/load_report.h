// What one run of the load generator saw.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ripstop::cli::demo {

struct LoadReport {
  uint64_t requests = 0;
  uint64_t failures = 0;  // no answer, or a status of 500 and above
  std::map<std::string, uint64_t> versions;
  double rps = 0;
  uint64_t p50_us = 0;
  uint64_t p95_us = 0;
  uint64_t p99_us = 0;
  std::string first_error;

  [[nodiscard]] uint64_t of(const std::string& version) const;
  // In percent of all requests, answered or not; 0 without any.
  [[nodiscard]] double percent_of(const std::string& version) const;
};

// From the program's output: the last line that is a JSON object. kParse quotes what it said instead.
[[nodiscard]] Result<LoadReport> parse_load_report(std::string_view output);

}  // namespace ripstop::cli::demo
