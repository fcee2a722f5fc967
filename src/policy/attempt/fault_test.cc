#include "policy/attempt/fault.h"

#include <gtest/gtest.h>

namespace ripstop::policy {
namespace {

TEST(Fault, DrawsSharesInPartsPerMillion) {
  Random random(3);
  int drawn = 0;
  for (int i = 0; i < 100'000; ++i) drawn += draw_share(250'000, random) ? 1 : 0;
  EXPECT_NEAR(drawn, 25'000, 600);
  EXPECT_FALSE(draw_share(0, random));
  EXPECT_TRUE(draw_share(1'000'000, random));
}

TEST(Fault, DecidesDelayAndAbortIndependently) {
  using namespace std::chrono_literals;
  Random random(1);
  const model::Fault both{
      .delay_per_million = 1'000'000, .delay = 2s, .abort_per_million = 1'000'000, .abort_status = 503};
  EXPECT_EQ(decide_fault(both, random).delay, 2s);
  EXPECT_EQ(decide_fault(both, random).abort, 503);
  const model::Fault none{.delay = 2s, .abort_status = 503};
  EXPECT_EQ(decide_fault(none, random).delay, 0s);
  EXPECT_EQ(decide_fault(none, random).abort, std::nullopt);
  const model::Fault halves{
      .delay_per_million = 500'000, .delay = 2s, .abort_per_million = 500'000, .abort_status = 503};
  int with_both = 0;
  for (int i = 0; i < 10'000; ++i) {
    const FaultDecision decision = decide_fault(halves, random);
    with_both += decision.delay > 0s && decision.abort ? 1 : 0;
  }
  EXPECT_NEAR(with_both, 2'500, 200);
}

}  // namespace
}  // namespace ripstop::policy
