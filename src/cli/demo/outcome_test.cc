#include "cli/demo/outcome.h"

#include <gtest/gtest.h>

namespace ripstop::cli::demo {
namespace {

LoadReport load(std::map<std::string, uint64_t> versions, uint64_t failures = 0) {
  LoadReport report{.failures = failures, .versions = std::move(versions)};
  report.requests = failures;
  for (const auto& [version, count] : report.versions) report.requests += count;
  return report;
}

HopTable whole_sample() {
  HopTable hops;
  for (const Hop& hop : sample_hops()) hops[hop] = {.requests = 5, .mutual_tls = 5};
  return hops;
}

TEST(Baseline, NeedsAllVersionsAndNoFailure) {
  EXPECT_TRUE(judge_baseline(load({{"v1", 1}, {"v2", 1}, {"v3", 1}})).ok);
  EXPECT_FALSE(judge_baseline(load({{"v1", 5}, {"v2", 5}})).ok);
  EXPECT_FALSE(judge_baseline(load({{"v1", 1}, {"v2", 1}, {"v3", 1}}, 1)).ok);
}

TEST(Split, MayBeOffByOneAndAHalfPoints) {
  EXPECT_TRUE(judge_split("s", 75, load({{"v1", 7650}, {"v2", 2350}})).ok);
  EXPECT_TRUE(judge_split("s", 75, load({{"v1", 7350}, {"v2", 2650}})).ok);
  EXPECT_FALSE(judge_split("s", 75, load({{"v1", 7651}, {"v2", 2349}})).ok);
  EXPECT_FALSE(judge_split("s", 75, load({{"v1", 7349}, {"v2", 2651}})).ok);
}

TEST(Split, FailsWithAFailureAThirdVersionOrNoRequest) {
  EXPECT_FALSE(judge_split("s", 75, load({{"v1", 7500}, {"v2", 2499}}, 1)).ok);
  EXPECT_FALSE(judge_split("s", 75, load({{"v1", 7500}, {"v3", 2500}})).ok);
  EXPECT_FALSE(judge_split("s", 75, load({})).ok);
}

TEST(User, GoesToV3AndNobodyElseDoes) {
  EXPECT_TRUE(judge_user(load({{"v3", 9}}), load({{"v1", 9}})).ok);
  EXPECT_FALSE(judge_user(load({{"v3", 8}, {"v1", 1}}), load({{"v1", 9}})).ok);
  EXPECT_FALSE(judge_user(load({{"v3", 9}}), load({{"v1", 8}, {"v3", 1}})).ok);
  EXPECT_FALSE(judge_user(load({}), load({})).ok);
}

TEST(MutualTls, HoldsOnEveryHopOfTheSample) {
  EXPECT_TRUE(judge_mutual_tls(whole_sample()).ok);
  HopTable plain = whole_sample();
  plain[sample_hops().front()].mutual_tls = 4;
  EXPECT_FALSE(judge_mutual_tls(plain).ok);
  HopTable partial = whole_sample();
  partial.erase(sample_hops().back());
  const Outcome outcome = judge_mutual_tls(partial);
  EXPECT_FALSE(outcome.ok);
  EXPECT_NE(outcome.measured.find("no request from reviews-v3 to ratings-v1"), std::string::npos);
  EXPECT_FALSE(judge_mutual_tls({}).ok);
}

TEST(MutualTls, IsBrokenByAStrangersPlainRequest) {
  HopTable hops = whole_sample();
  hops[{"unknown", "reviews-v1"}] = {.requests = 1};
  EXPECT_FALSE(judge_mutual_tls(hops).ok);
}

TEST(Flaky, MustBeFeltFirstAndHiddenThen) {
  EXPECT_TRUE(judge_flaky(load({{"v1", 9}}, 1)).ok);
  EXPECT_FALSE(judge_flaky(load({{"v1", 9}})).ok) << "nothing to hide";
  EXPECT_FALSE(judge_flaky(load({}, 9)).ok) << "not flaky but down";
  EXPECT_TRUE(judge_retries(load({{"v1", 9}, {"v2", 9}})).ok);
  EXPECT_FALSE(judge_retries(load({{"v1", 9}, {"v2", 9}}, 1)).ok);
  EXPECT_FALSE(judge_retries(load({{"v1", 9}})).ok) << "the flaky version was not asked";
}

TEST(Strict, RefusesPlaintextOnlyWhereItWasServedBefore) {
  const LoadReport members = load({{"v1", 9}});
  EXPECT_TRUE(judge_strict({.status_before = 200}, members).ok);
  EXPECT_FALSE(judge_strict({.status_before = 0}, members).ok);
  EXPECT_FALSE(judge_strict({.status_before = 200, .status_after = 200}, members).ok);
  EXPECT_FALSE(judge_strict({.status_before = 200}, load({{"v1", 9}}, 1)).ok);
}

}  // namespace
}  // namespace ripstop::cli::demo
