#include "policy/route/split.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numeric>

namespace ripstop::policy {
namespace {

Split split_of(const std::vector<uint32_t>& weights) {
  std::vector<model::WeightedCluster> clusters;
  for (const uint32_t weight : weights) clusters.push_back({.cluster = "c", .weight = weight});
  auto split = Split::compile(clusters);
  EXPECT_TRUE(split) << split.error().message;
  return split ? *split : Split();
}

// How many of `requests` each destination got, spread over workers by chance, as the kernel does.
std::vector<int> share_out(const Split& split, size_t destinations, int requests, size_t workers) {
  Random random(workers);
  std::vector<SplitCursors> cursors;
  for (size_t i = 0; i < workers; ++i) cursors.emplace_back(random);
  std::vector<int> counts(destinations);
  for (int i = 0; i < requests; ++i) ++counts[cursors[random.below(workers)].next(split)];
  return counts;
}

TEST(Splitting, TenThousandRequestsLandWithinATenthOfAPointWhateverTheNumberOfWorkers) {
  const std::vector<std::vector<uint32_t>> splits = {{75, 25}, {80, 20},     {50, 50},      {99, 1},
                                                     {1, 2},   {33, 33, 34}, {5, 0, 3, 11}, {1'000'003, 7, 2'999'999}};
  for (const std::vector<uint32_t>& weights : splits) {
    const Split split = split_of(weights);
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    for (const size_t workers : {1, 2, 3, 8, 16, 64}) {
      const std::vector<int> counts = share_out(split, weights.size(), 10'000, workers);
      for (size_t i = 0; i < weights.size(); ++i) {
        EXPECT_NEAR(counts[i], 10'000.0 * weights[i] / sum, 10)
            << "destination " << i << " of " << weights.size() << " with " << workers << " workers";
      }
    }
  }
}

TEST(Splitting, IsExactAfterEveryRoundOfTheReducedWeights) {
  const Split split = split_of({75, 25});
  Random random(3);
  SplitCursors cursors(random);
  for (int round = 0; round < 50; ++round) {
    std::array<int, 2> counts{};
    for (int i = 0; i < 4; ++i) ++counts[cursors.next(split)];
    ASSERT_EQ(counts[0], 3);
    ASSERT_EQ(counts[1], 1);
  }
}

TEST(Splitting, IsSmoothNotInBursts) {
  const std::vector<uint32_t> weights = {70, 20, 10};
  const Split split = split_of(weights);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Random random(seed);
    SplitCursors cursors(random);
    std::array<int, 3> counts{};
    for (int i = 1; i <= 1000; ++i) {
      ++counts[cursors.next(split)];
      for (size_t k = 0; k < 3; ++k) ASSERT_LT(std::abs(counts[k] - i * weights[k] / 100.0), 2.0) << "after " << i;
    }
  }
}

TEST(Splitting, ADestinationWithoutWeightIsNeverChosenWhereverItStands) {
  for (const std::vector<uint32_t>& weights : {std::vector<uint32_t>{0, 3, 1}, {3, 0, 1}, {3, 1, 0}, {0, 0, 5}}) {
    const std::vector<int> counts = share_out(split_of(weights), weights.size(), 1000, 2);
    for (size_t i = 0; i < weights.size(); ++i) EXPECT_EQ(counts[i] == 0, weights[i] == 0);
  }
}

TEST(Splitting, WithoutAChoiceNothingIsKept) {
  Random random(1);
  SplitCursors cursors(random);
  EXPECT_EQ(cursors.next(split_of({7})), 0U);
  EXPECT_EQ(cursors.next(split_of({0, 7, 0})), 1U);
  EXPECT_FALSE(split_of({0, 7}).has_choice());
  EXPECT_EQ(cursors.size(), 0U);
}

TEST(Splitting, SplitsDoNotDisturbOneAnother) {
  const Split one = split_of({3, 1});
  const Split other = split_of({3, 1});
  Random random(5);
  SplitCursors cursors(random);
  std::array<int, 2> of_one{};
  std::array<int, 2> of_other{};
  // In step with the round of four: a place shared by both would give one of them a destination alone.
  for (int i = 0; i < 400; ++i) {
    ++of_one[cursors.next(one)];
    ++of_other[cursors.next(other)];
  }
  EXPECT_EQ(of_one[1], 100);
  EXPECT_EQ(of_other[1], 100);
}

TEST(Splitting, WhatIsGoneIsForgottenAndWhatLivesGoesOn) {
  Random random(1);
  SplitCursors cursors(random);
  const Split kept = split_of({3, 1});
  EXPECT_LT(cursors.next(kept), 2U);
  {
    const Split gone = split_of({3, 1});
    EXPECT_LT(cursors.next(gone), 2U);
    cursors.forget_gone();
    EXPECT_EQ(cursors.size(), 2U);
  }
  cursors.forget_gone();
  EXPECT_EQ(cursors.size(), 1U);
}

TEST(Splitting, RefusesWeightsThatSayNothingOrTooMuch) {
  const std::vector<model::WeightedCluster> none = {{.cluster = "a", .weight = 0}};
  EXPECT_EQ(Split::compile(none).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(Split::compile({}).error().code, ErrorCode::kInvalidArgument);
  const std::vector<model::WeightedCluster> many(2, {.cluster = "a", .weight = 0xFFFFFFFF});
  EXPECT_EQ(Split::compile(many).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace ripstop::policy
