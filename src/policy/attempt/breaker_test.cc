#include "policy/attempt/breaker.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace ripstop::policy {
namespace {

constexpr uint32_t kNoLimit = 0xFFFFFFFF;

TEST(Breaker, RefusesWhatIsPastTheLimitAndTakesSlotsBack) {
  Breaker breaker({.max_connections = 1, .max_pending_requests = 2, .max_requests = 3, .max_retries = 0});
  const std::vector<std::pair<Resource, uint32_t>> limits = {
      {Resource::kConnections, 1}, {Resource::kPendingRequests, 2}, {Resource::kRequests, 3}, {Resource::kRetries, 0}};
  for (const auto& [resource, limit] : limits) {
    std::vector<Breaker::Permit> permits;
    for (uint32_t i = 0; i < limit; ++i) {
      EXPECT_FALSE(breaker.is_open(resource));
      ASSERT_TRUE(permits.emplace_back(breaker.acquire(resource)));
    }
    EXPECT_TRUE(breaker.is_open(resource));
    EXPECT_FALSE(breaker.acquire(resource));
    EXPECT_EQ(breaker.in_use(resource), limit);
    permits.clear();
    EXPECT_EQ(breaker.in_use(resource), 0u);
  }
}

TEST(Breaker, CountsNothingWithoutALimit) {
  Breaker breaker({.max_connections = kNoLimit});
  const Breaker::Permit permit = breaker.acquire(Resource::kConnections);
  EXPECT_TRUE(permit);
  EXPECT_EQ(breaker.in_use(Resource::kConnections), 0u);
  EXPECT_FALSE(breaker.is_open(Resource::kConnections));
}

TEST(Breaker, MovesASlotWithItsPermit) {
  Breaker breaker({.max_requests = 1});
  Breaker::Permit first = breaker.acquire(Resource::kRequests);
  Breaker::Permit second = std::move(first);
  EXPECT_TRUE(second);
  EXPECT_EQ(breaker.in_use(Resource::kRequests), 1u);
  second.release();
  second.release();
  EXPECT_FALSE(second);
  EXPECT_EQ(breaker.in_use(Resource::kRequests), 0u);
}

// Takes and gives back slots, and notes how many threads were inside at once.
void contend(Breaker& breaker, std::atomic<int>& inside, std::atomic<int>& most) {
  for (int i = 0; i < 20'000; ++i) {
    const Breaker::Permit permit = breaker.acquire(Resource::kRequests);
    if (!permit) continue;
    const int now = ++inside;
    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
    }
    --inside;
  }
}

TEST(Breaker, HoldsItsLimitBetweenThreads) {
  Breaker breaker({.max_requests = 3});
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  {
    std::vector<std::jthread> workers;
    workers.reserve(4);
    for (int worker = 0; worker < 4; ++worker) workers.emplace_back([&] { contend(breaker, inside, most); });
  }
  EXPECT_LE(most, 3);
  EXPECT_GE(most, 1);
  EXPECT_EQ(breaker.in_use(Resource::kRequests), 0u);
}

}  // namespace
}  // namespace ripstop::policy
