// What a step of the demonstration expected and what was measured; the judgements, which are pure.
#pragma once

#include <string>
#include <vector>

#include "cli/demo/hops.h"
#include "cli/demo/load_report.h"

namespace ripstop::cli::demo {

struct Outcome {
  std::string name;
  std::string expected;
  std::string measured;
  bool ok = false;
};

// All three versions of reviews answer, and nothing fails.
[[nodiscard]] Outcome judge_baseline(const LoadReport& load);
// All hops of the sample were seen, and every request on every hop came over mutual TLS.
[[nodiscard]] Outcome judge_mutual_tls(const HopTable& hops);
// `v1_percent` of the answers come from v1 and the rest from v2, within 1.5 points; nothing fails.
[[nodiscard]] Outcome judge_split(std::string name, double v1_percent, const LoadReport& load);
// v3 for the user alone.
[[nodiscard]] Outcome judge_user(const LoadReport& user, const LoadReport& others);
// Failures reach the client.
[[nodiscard]] Outcome judge_flaky(const LoadReport& load);
// None does.
[[nodiscard]] Outcome judge_retries(const LoadReport& load);

// A plaintext client's request, and the mesh's own traffic afterwards.
struct Plaintext {
  int status_before = 0;  // 0: refused
  int status_after = 0;
  std::string refusal;
};
[[nodiscard]] Outcome judge_strict(const Plaintext& plaintext, const LoadReport& members);

// The hops that the sample makes when all versions of reviews are asked.
[[nodiscard]] const std::vector<Hop>& sample_hops();

}  // namespace ripstop::cli::demo
