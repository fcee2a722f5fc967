#include "load/drive/histogram.h"

#include <gtest/gtest.h>

namespace ripstop::load {
namespace {

TEST(Histogram, IsExactForSmallValues) {
  Histogram histogram;
  for (int64_t i = 1; i <= 100; ++i) histogram.record(i);
  EXPECT_EQ(histogram.percentile(0.5), 50);
  EXPECT_EQ(histogram.percentile(0.99), 99);
  EXPECT_EQ(histogram.percentile(1.0), 100);
  EXPECT_EQ(histogram.percentile(0.0), 1);
}

TEST(Histogram, ErrsByLessThanOnePercentUpwardsForLargeOnes) {
  for (int64_t value = 1; value < int64_t{1} << 62; value = value * 3 + 1) {
    Histogram histogram;
    histogram.record(value);
    histogram.record(int64_t{1} << 62);
    const int64_t told = histogram.percentile(0.5);
    EXPECT_GE(told, value);
    EXPECT_LE(static_cast<double>(told), static_cast<double>(value) * 1.01) << value;
  }
}

TEST(Histogram, NeverTellsMoreThanTheLongest) {
  Histogram histogram;
  histogram.record(1'000'003);
  EXPECT_EQ(histogram.percentile(0.5), 1'000'003);
  EXPECT_EQ(histogram.longest(), 1'000'003);
}

TEST(Histogram, TailsAreSeenByTheirRank) {
  Histogram histogram;
  for (int i = 0; i < 999; ++i) histogram.record(100);
  histogram.record(50'000);
  EXPECT_EQ(histogram.percentile(0.999), 100);
  EXPECT_EQ(histogram.percentile(0.9991), 50'000);
}

TEST(Histogram, EmptyAndClearedTellZero) {
  Histogram histogram;
  EXPECT_EQ(histogram.percentile(0.5), 0);
  histogram.record(-7);
  EXPECT_EQ(histogram.count(), 1U);
  EXPECT_EQ(histogram.percentile(0.5), 0);
  histogram.record(9);
  histogram.clear();
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.percentile(1.0), 0);
}

}  // namespace
}  // namespace ripstop::load
