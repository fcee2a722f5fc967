#include "policy/balance/balancer.h"

#include <gtest/gtest.h>

#include "policy/balance/host_fixture.h"
#include "policy/balance/schedule.h"

namespace ripstop::policy {
namespace {

using model::Balancing;
using Counts = std::map<int, int>;

HostSet host_set(Balancing balancing, std::vector<model::Endpoint> hosts, Random& random, uint32_t choices = 2) {
  HostSet made(model::Cluster{.balancing = balancing, .least_request_choices = choices});
  made.update(assignment(std::move(hosts)), random);
  return made;
}

TEST(RoundRobin, GoesRoundInOrder) {
  Random random(1);
  HostSet hosts = host_set(Balancing::kRoundRobin, endpoints(1, 4), random);
  int last = number_of(*hosts.pick({}, random));
  for (int i = 0; i < 20; ++i) {
    const int next = number_of(*hosts.pick({}, random));
    EXPECT_EQ(next, last % 4 + 1);
    last = next;
  }
}

TEST(RoundRobin, StartsAnywhere) {
  Counts first;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    Random random(seed);
    HostSet hosts = host_set(Balancing::kRoundRobin, endpoints(1, 4), random);
    ++first[number_of(*hosts.pick({}, random))];
  }
  for (int host = 1; host <= 4; ++host) EXPECT_NEAR(first[host], 100, 35) << host;
}

TEST(RoundRobin, KeepsWeightsExactlyAndSpreadsTurns) {
  Random random(5);
  HostSet hosts = host_set(Balancing::kRoundRobin, {endpoint(1, 5), endpoint(2, 1), endpoint(3, 2)}, random);
  Counts counts;
  int run = 0;
  int longest = 0;
  for (int i = 0; i < 800; ++i) {
    const int picked = number_of(*hosts.pick({}, random));
    ++counts[picked];
    run = picked == 1 ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  EXPECT_NEAR(counts[1], 500, 1);
  EXPECT_NEAR(counts[2], 100, 1);
  EXPECT_NEAR(counts[3], 200, 1);
  EXPECT_LE(longest, 4);
}

TEST(RandomChoice, FollowsWeights) {
  Random random(9);
  HostSet equal = host_set(Balancing::kRandom, endpoints(1, 4), random);
  for (const auto& [host, count] : pick_many(equal, random, 40'000)) EXPECT_NEAR(count, 10'000, 400) << host;
  HostSet uneven = host_set(Balancing::kRandom, {endpoint(1, 1), endpoint(2, 3)}, random);
  const Counts counts = pick_many(uneven, random, 40'000);
  EXPECT_NEAR(counts.at(1), 10'000, 400);
  EXPECT_NEAR(counts.at(2), 30'000, 400);
}

TEST(LeastRequest, PrefersTheLessBusyOfTwo) {
  Random random(2);
  HostSet hosts = host_set(Balancing::kLeastRequest, endpoints(1, 2), random);
  std::vector<ActiveRequest> running;
  for (const HostRef& host : hosts.hosts()) {
    if (number_of(*host) == 1) running.emplace_back(*host);
  }
  // Host 1 is picked only when both draws hit it: a quarter of the time.
  const Counts counts = pick_many(hosts, random, 10'000);
  EXPECT_NEAR(counts.at(1), 2'500, 200);
  running.clear();
  EXPECT_NEAR(pick_many(hosts, random, 10'000).at(1), 5'000, 250);
}

TEST(LeastRequest, DrawsAsManyAsItIsTold) {
  Random random(2);
  HostSet hosts = host_set(Balancing::kLeastRequest, endpoints(1, 4), random, 8);
  std::vector<ActiveRequest> running;
  for (const HostRef& host : hosts.hosts()) {
    if (number_of(*host) != 3) running.emplace_back(*host);
  }
  // All eight draws miss host 3 with probability (3/4)^8, about a tenth.
  EXPECT_NEAR(pick_many(hosts, random, 10'000).at(3), 9'000, 250);
}

TEST(LeastRequest, WeighsWeightsAgainstRunningRequests) {
  Random random(2);
  HostSet hosts = host_set(Balancing::kLeastRequest, {endpoint(1, 1), endpoint(2, 2)}, random);
  const Counts idle = pick_many(hosts, random, 3'000);
  EXPECT_NEAR(idle.at(1), 1'000, 2);
  std::vector<ActiveRequest> running;
  for (const HostRef& host : hosts.hosts()) {
    if (number_of(*host) == 2) running.emplace_back(*host);
  }
  // 2 / (1 + 1) is as good as 1 / (0 + 1).
  const Counts busy = pick_many(hosts, random, 3'000);
  EXPECT_NEAR(busy.at(1), 1'500, 3);
}

TEST(Balancers, HoldOutWithTheLargestWeights) {
  for (const Balancing kind : {Balancing::kRoundRobin, Balancing::kLeastRequest, Balancing::kRandom}) {
    Random random(3);
    HostSet hosts = host_set(kind, {endpoint(1, 4'000'000'000), endpoint(2, 2'000'000'000), endpoint(3, 1)}, random);
    const Counts counts = pick_many(hosts, random, 30'000);
    EXPECT_NEAR(counts.at(1), 20'000, 400);
    EXPECT_NEAR(counts.at(2), 10'000, 400);
  }
}

TEST(Balancers, TakeAWeightOfZeroAsOne) {
  Random random(3);
  HostSet hosts = host_set(Balancing::kRoundRobin, {endpoint(1, 0), endpoint(2, 1)}, random);
  EXPECT_EQ(pick_many(hosts, random, 100), (Counts{{1, 50}, {2, 50}}));
}

TEST(Schedule, KeepsProportionsAcrossWrapAround) {
  Random random(4);
  Schedule schedule;
  const std::vector<uint32_t> weights = {1, 3};
  schedule.assign(weights, random);
  Counts counts;
  // A cost of 2^18 moves a deadline by 2^62, so this wraps some thousands of times.
  for (int i = 0; i < 40'000; ++i) {
    const uint32_t entry = schedule.top();
    ++counts[static_cast<int>(entry)];
    schedule.advance(weights[entry], 1U << 18);
  }
  EXPECT_NEAR(counts[0], 10'000, 2);
}

}  // namespace
}  // namespace ripstop::policy
