#include "runtime/memory/block_pool.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace ripstop::runtime {
namespace {

constexpr size_t kLarge = 256U << 10;

TEST(Block, AffordsLargeOnesWhileFewAreHeld) {
  EXPECT_EQ(Block::affordable(kLarge), kLarge);
  std::vector<Block> held;
  while (Block::affordable(kLarge) == kLarge) held.push_back(Block::take(kLarge));
  EXPECT_GT(held.size(), 8U);
  EXPECT_LT(held.size(), 100U);
  EXPECT_EQ(Block::affordable(kLarge), 16U << 10);
  EXPECT_EQ(Block::affordable(4096), 4096U);
  held.pop_back();
  EXPECT_EQ(Block::affordable(kLarge), kLarge);
}

TEST(Block, IsCountedOnceHoweverItIsMoved) {
  Block first = Block::take(kLarge);
  Block second = std::move(first);
  first = std::move(second);
  first = Block::take(kLarge);
  first.give_back();
  first.give_back();
  std::vector<Block> held;
  while (Block::affordable(kLarge) == kLarge) held.push_back(Block::take(kLarge));
  EXPECT_EQ(held.size(), 32U);
}

}  // namespace
}  // namespace ripstop::runtime
