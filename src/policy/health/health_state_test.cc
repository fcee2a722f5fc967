#include "policy/health/health_state.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace ripstop::policy {
namespace {

model::HealthCheck thresholds(uint32_t unhealthy, uint32_t healthy) {
  model::HealthCheck check;
  check.unhealthy_threshold = unhealthy;
  check.healthy_threshold = healthy;
  return check;
}

// The verdict after each result: '+' passing, '-' failing. Results: p passed, r refused, u unreachable.
std::string verdicts(std::string_view results, const model::HealthCheck& check) {
  HealthState state;
  std::string all;
  for (const char c : results) {
    const bool before = state.is_passing();
    const auto result = c == 'p' ? HealthProbe::kPassed : c == 'r' ? HealthProbe::kRefused : HealthProbe::kUnreachable;
    EXPECT_EQ(state.record(result, check), before != state.is_passing());
    EXPECT_TRUE(state.is_known());
    all += state.is_passing() ? '+' : '-';
  }
  return all;
}

TEST(HealthState, FailsUntilItsFirstCheckHasPassed) {
  EXPECT_FALSE(HealthState().is_passing());
  EXPECT_FALSE(HealthState().is_known());
  EXPECT_EQ(verdicts("p", thresholds(3, 3)), "+") << "the first success counts at once";
  EXPECT_EQ(verdicts("uppp", thresholds(3, 3)), "---+") << "only if it is the first check";
}

TEST(HealthState, ChangesWhenAThresholdIsReached) {
  EXPECT_EQ(verdicts("puupuuupppp", thresholds(3, 2)), "++++++--+++");
  EXPECT_EQ(verdicts("puupuuu", thresholds(3, 2)), "++++++-") << "in a row";
  EXPECT_EQ(verdicts("puupupp", thresholds(2, 2)), "++----+") << "and back in a row as well";
}

TEST(HealthState, BelievesAHostThatSaysNo) {
  EXPECT_EQ(verdicts("pr", thresholds(5, 1)), "+-");
  EXPECT_EQ(verdicts("prp", thresholds(5, 1)), "+-+");
}

TEST(HealthPause, IsTheIntervalWithItsJitter) {
  model::HealthCheck check;
  check.interval = std::chrono::seconds(10);
  Random random(1);
  EXPECT_EQ(pause_before_check(check, true, random), std::chrono::seconds(10));
  EXPECT_EQ(pause_before_check(check, false, random), std::chrono::seconds(10));
  check.unhealthy_interval = std::chrono::seconds(2);
  EXPECT_EQ(pause_before_check(check, false, random), std::chrono::seconds(2));
  check.interval_jitter = std::chrono::seconds(3);
  check.interval_jitter_percent = 50;
  Duration longest{};
  for (int i = 0; i < 1000; ++i) {
    const Duration pause = pause_before_check(check, true, random);
    EXPECT_GE(pause, std::chrono::seconds(10));
    EXPECT_LT(pause, std::chrono::seconds(18));
    longest = std::max(longest, pause);
  }
  EXPECT_GT(longest, std::chrono::seconds(15)) << "both jitters are used";
}

}  // namespace
}  // namespace ripstop::policy
