// A load generator: a fixed number of requests over a few keep-alive connections, counted by status and by the version
// that answered.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace ripstop::bookinfo {

struct LoadOptions {
  std::string service = "reviews:9080";
  std::string target = "/reviews/0";
  uint64_t requests = 1000;
  uint32_t connections = 8;
  std::vector<std::pair<std::string, std::string>> fields;
};

// What came back. Latencies in microseconds.
struct Tally {
  uint64_t requests = 0;
  uint64_t failures = 0;              // no answer, or a status of 500 and above
  std::map<int, uint64_t> by_status;  // 0: no answer
  std::map<std::string, uint64_t> by_version;
  std::vector<uint32_t> latencies;
  double seconds = 0;
  std::string first_error;

  void count(int status, const std::string& body, uint32_t microseconds);
  // The latency below which `share` (0 to 1) of the requests stayed; 0 without requests. Sorts.
  [[nodiscard]] uint32_t percentile(double share);
  // {"requests", "failures", "seconds", "rps", "status", "versions", "p50_us", "p95_us", "p99_us"}
  [[nodiscard]] std::string to_json();
};

// The version of reviews inside an answer of reviews or of productpage; empty when there is none.
[[nodiscard]] std::string version_in(const std::string& body);

// Blocks until all requests are answered or have failed; after SIGINT or SIGTERM no more are begun.
[[nodiscard]] Result<Tally> run_load(const LoadOptions& options);

}  // namespace ripstop::bookinfo
