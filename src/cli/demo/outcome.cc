#include "cli/demo/outcome.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace ripstop::cli::demo {
namespace {

constexpr double kTolerance = 1.5;  // points
constexpr int kOk = 200;

std::string versions_of(const LoadReport& load) {
  std::string text;
  for (const auto& [version, count] : load.versions) {
    text += fmt::format("{}{} {:.2f} %", text.empty() ? "" : ", ", version, load.percent_of(version));
  }
  return (text.empty() ? "no version answered" : text) + fmt::format(" of {} requests", load.requests);
}

std::string failures_of(const LoadReport& load) {
  if (load.failures == 0) return "none failed";
  return fmt::format("{} of {} failed{}", load.failures, load.requests,
                     load.first_error.empty() ? "" : " (" + load.first_error + ")");
}

bool is_all(const LoadReport& load, const std::string& version) {
  return load.requests > 0 && load.of(version) == load.requests;
}

std::string answered(int status) {
  return status == 0 ? "refused" : fmt::format("answered {}", status);
}

}  // namespace

Outcome judge_baseline(const LoadReport& load) {
  const bool has_all = load.of("v1") > 0 && load.of("v2") > 0 && load.of("v3") > 0;
  return {"baseline", "v1, v2 and v3 of reviews answer; none fails", versions_of(load) + "; " + failures_of(load),
          has_all && load.failures == 0};
}

Outcome judge_mutual_tls(const HopTable& hops) {
  double requests = 0;
  double mutual_tls = 0;
  std::string missing;
  for (const auto& [hop, figures] : hops) {
    requests += figures.requests;
    mutual_tls += figures.mutual_tls;
  }
  for (const Hop& hop : sample_hops()) {
    if (!hops.contains(hop)) missing += fmt::format("; no request from {} to {}", hop.source, hop.destination);
  }
  return {"mutual-tls", fmt::format("every request on all {} hops over mutual TLS", sample_hops().size()),
          fmt::format("{:.0f} of {:.0f} requests on {} hops{}", mutual_tls, requests, hops.size(), missing),
          missing.empty() && requests > 0 && mutual_tls >= requests};
}

Outcome judge_split(std::string name, double v1_percent, const LoadReport& load) {
  const double v2_percent = 100 - v1_percent;
  const bool is_close = std::abs(load.percent_of("v1") - v1_percent) <= kTolerance &&
                        std::abs(load.percent_of("v2") - v2_percent) <= kTolerance;
  return {std::move(name),
          fmt::format("v1 {:g} %, v2 {:g} %, within {:g} points; none fails", v1_percent, v2_percent, kTolerance),
          versions_of(load) + "; " + failures_of(load), load.requests > 0 && is_close && load.failures == 0};
}

Outcome judge_user(const LoadReport& user, const LoadReport& others) {
  return {"user-to-v3", "jason: v3 100 %; others: v1 100 %",
          fmt::format("jason: {}; others: {}", versions_of(user), versions_of(others)),
          is_all(user, "v3") && is_all(others, "v1")};
}

Outcome judge_flaky(const LoadReport& load) {
  return {"flaky-without-retries", "failures reach the client, successes too", failures_of(load),
          load.failures > 0 && load.failures < load.requests};
}

Outcome judge_retries(const LoadReport& load) {
  return {"retries", "the flaky version answers, and none fails", versions_of(load) + "; " + failures_of(load),
          load.requests > 0 && load.failures == 0 && load.of("v2") > 0};
}

Outcome judge_strict(const Plaintext& plaintext, const LoadReport& members) {
  return {
      "strict-mtls", "plaintext client: answered 200, then refused; members: none fails",
      fmt::format("plaintext client: {}, then {}{}; members: {} of {} failed", answered(plaintext.status_before),
                  answered(plaintext.status_after), plaintext.refusal.empty() ? "" : " (" + plaintext.refusal + ")",
                  members.failures, members.requests),
      plaintext.status_before == kOk && plaintext.status_after == 0 && members.requests > 0 && members.failures == 0};
}

const std::vector<Hop>& sample_hops() {
  static const std::vector<Hop> hops = {{"load", "productpage-v1"},       {"productpage-v1", "details-v1"},
                                        {"productpage-v1", "reviews-v1"}, {"productpage-v1", "reviews-v2"},
                                        {"productpage-v1", "reviews-v3"}, {"reviews-v2", "ratings-v1"},
                                        {"reviews-v3", "ratings-v1"}};
  return hops;
}

}  // namespace ripstop::cli::demo
