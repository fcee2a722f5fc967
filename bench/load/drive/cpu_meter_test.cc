#include "load/drive/cpu_meter.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>

namespace ripstop::load {
namespace {

TEST(CpuMeter, ReadsTheFirstField) {
  EXPECT_EQ(run_time_of("123456789 42 7\n")->count(), 123'456'789);
  EXPECT_FALSE(run_time_of("").has_value());
  EXPECT_FALSE(run_time_of("x 1 2").has_value());
}

TEST(CpuMeter, SeesTimeGoByInAProcessThatWorks) {
  const std::array<int, 1> self = {getpid()};
  const auto before = run_time_of(self);
  ASSERT_TRUE(before.has_value()) << before.error().message;
  const auto own = own_run_time();
  while (own_run_time() - own < std::chrono::milliseconds(30)) {
  }
  const auto after = run_time_of(self);
  ASSERT_TRUE(after.has_value());
  // The kernel brings a running thread's figure up to date with its ticks, at most 10 ms apart.
  EXPECT_GE(*after - *before, std::chrono::milliseconds(15));
}

TEST(CpuMeter, SaysSoWhenAProcessIsGone) {
  const std::array<int, 1> nobody = {-1};
  const auto sum = run_time_of(nobody);
  ASSERT_FALSE(sum.has_value());
  EXPECT_EQ(sum.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace ripstop::load
