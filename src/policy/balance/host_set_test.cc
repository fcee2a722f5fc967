#include "policy/balance/host_set.h"

#include <gtest/gtest.h>

#include "policy/balance/host_fixture.h"

namespace ripstop::policy {
namespace {

using model::Health;
using Counts = std::map<int, int>;

model::LocalityEndpoints locality(std::string zone, uint32_t priority, uint32_t weight,
                                  std::vector<model::Endpoint> hosts) {
  return {.locality = {.region = "r", .zone = std::move(zone)},
          .priority = priority,
          .weight = weight,
          .endpoints = std::move(hosts)};
}

Host* host_numbered(const HostSet& hosts, int number) {
  for (const HostRef& host : hosts.hosts()) {
    if (number_of(*host) == number) return host.get();
  }
  return nullptr;
}

TEST(HostSet, HasNothingToPickAtFirst) {
  Random random(1);
  HostSet hosts{model::Cluster()};
  EXPECT_EQ(hosts.pick({}, random), nullptr);
  hosts.update(assignment(std::vector<model::Endpoint>{}), random);
  EXPECT_EQ(hosts.pick({}, random), nullptr);
}

TEST(HostSet, LeavesUnhealthyHostsOut) {
  Random random(1);
  HostSet hosts{model::Cluster()};
  hosts.update(assignment({endpoint(1, 1, Health::kHealthy), endpoint(2, 1, Health::kUnknown),
                           endpoint(3, 1, Health::kUnhealthy), endpoint(4, 1, Health::kTimeout), endpoint(5)}),
               random);
  EXPECT_EQ(pick_many(hosts, random, 300), (Counts{{1, 100}, {2, 100}, {5, 100}}));
}

TEST(HostSet, LeavesOutWhatChecksHaveNotFoundHealthy) {
  Random random(1);
  HostSet hosts{model::Cluster{.panic_percent = 0}};
  hosts.set_passing(std::make_shared<const PassingHosts>(), random);
  hosts.update(assignment(endpoints(1, 3)), random);
  EXPECT_EQ(hosts.pick({}, random), nullptr) << "nothing is known yet";
  hosts.set_passing(std::make_shared<const PassingHosts>(PassingHosts{endpoint(2).address, endpoint(3).address}),
                    random);
  EXPECT_EQ(pick_many(hosts, random, 200), (Counts{{2, 100}, {3, 100}}));
  hosts.update(assignment(endpoints(3, 2)), random);
  EXPECT_EQ(pick_many(hosts, random, 100), (Counts{{3, 100}})) << "a new host has to pass first";
  hosts.set_passing(nullptr, random);
  EXPECT_EQ(pick_many(hosts, random, 200), (Counts{{3, 100}, {4, 100}}));
}

TEST(HostSet, UsesAllInPanicAndNoneWhereItIsOff) {
  Random random(1);
  const auto sick = assignment({endpoint(1), endpoint(2, 1, Health::kDraining), endpoint(3, 1, Health::kUnhealthy)});
  HostSet panics{model::Cluster{.panic_percent = 50}};
  panics.update(sick, random);
  EXPECT_TRUE(panics.loads()[0].is_panic);
  EXPECT_EQ(pick_many(panics, random, 300), (Counts{{1, 100}, {2, 100}, {3, 100}}));
  HostSet calm{model::Cluster{.panic_percent = 0}};
  calm.update(sick, random);
  EXPECT_EQ(pick_many(calm, random, 300), (Counts{{1, 300}}));
  calm.update(assignment({endpoint(1, 1, Health::kUnhealthy)}), random);
  EXPECT_EQ(calm.pick({}, random), nullptr);
}

TEST(HostSet, SpillsToTheNextPriority) {
  Random random(1);
  HostSet hosts{model::Cluster()};
  hosts.update(assignment({locality("a", 0, 0, {endpoint(1), endpoint(2, 1, Health::kUnhealthy)}),
                           locality("b", 1, 0, {endpoint(3), endpoint(4)})}),
               random);
  const Counts counts = pick_many(hosts, random, 10'000);
  EXPECT_NEAR(counts.at(1), 7'000, 200);
  EXPECT_NEAR(counts.at(3), 1'500, 150);
  EXPECT_EQ(counts.count(2), 0u);
}

TEST(HostSet, SendsTheRestToDegradedHosts) {
  Random random(1);
  HostSet hosts{model::Cluster()};
  hosts.update(assignment({endpoint(1), endpoint(2, 1, Health::kDegraded)}), random);
  const Counts counts = pick_many(hosts, random, 10'000);
  EXPECT_NEAR(counts.at(1), 7'000, 200);
  EXPECT_NEAR(counts.at(2), 3'000, 200);
}

TEST(HostSet, WeighsLocalitiesByWhatIsLeftOfThem) {
  Random random(1);
  HostSet hosts{model::Cluster()};
  hosts.update(assignment({locality("a", 0, 2, endpoints(1, 4)), locality("b", 0, 1, endpoints(11, 2)),
                           locality("none", 0, 0, endpoints(21, 1))}),
               random);
  const auto share_of_b = [&] {
    const Counts counts = pick_many(hosts, random, 3'000);
    EXPECT_EQ(counts.count(21), 0u);
    return (counts.contains(11) ? counts.at(11) : 0) + (counts.contains(12) ? counts.at(12) : 0);
  };
  EXPECT_NEAR(share_of_b(), 1'000, 3);
  // One of two hosts gone: 1.4 * 1/2 of its weight remain, 0.7 against 2.
  hosts.eject(*host_numbered(hosts, 11), TimePoint(), random);
  EXPECT_NEAR(share_of_b(), 3'000 * 0.7 / 2.7, 4);
}

TEST(HostSet, DoesNotLookAtLocalityWeightsThatRepeatTheEndpoints) {
  Random random(1);
  HostSet hosts{model::Cluster()};
  hosts.update(assignment({locality("a", 0, 3, endpoints(1, 3)), locality("b", 0, 1, endpoints(11, 1))}), random);
  hosts.eject(*host_numbered(hosts, 1), TimePoint(), random);
  // By locality, host 11 would get 1 of 1 + 3 * 0.93; by host it is one of three.
  EXPECT_EQ(pick_many(hosts, random, 300), (Counts{{2, 100}, {3, 100}, {11, 100}}));
}

TEST(HostSet, HoldsOutWithTheLargestLocalityWeights) {
  Random random(1);
  HostSet hosts{model::Cluster()};
  hosts.update(
      assignment({locality("a", 0, 4'000'000'000, endpoints(1, 1)), locality("b", 0, 2'000'000'000, endpoints(2, 1))}),
      random);
  EXPECT_NEAR(pick_many(hosts, random, 3'000).at(1), 2'000, 5);
}

TEST(HostSet, KeepsWhatItKnowsOfAHostThatStays) {
  struct Pool : HostAttachment {};
  Random random(1);
  HostSet hosts{model::Cluster()};
  hosts.update(assignment({endpoint(1), endpoint(2)}), random);
  Host* first = host_numbered(hosts, 1);
  first->attachment = std::make_unique<Pool>();
  const HostAttachment* pool = first->attachment.get();
  const ActiveRequest running(*first);
  hosts.eject(*first, TimePoint(), random);
  hosts.update(assignment({endpoint(3), endpoint(1, 7)}), random);
  EXPECT_EQ(host_numbered(hosts, 1), first);
  EXPECT_EQ(first->attachment.get(), pool);
  EXPECT_EQ(first->active_requests, 1u);
  EXPECT_EQ(first->weight(), 7u);
  EXPECT_TRUE(first->outlier.is_ejected);
  EXPECT_EQ(hosts.ejected_count(), 1u);
  EXPECT_EQ(host_numbered(hosts, 2), nullptr);
}

TEST(HostSet, TellsDnsHostsApartByName) {
  Random random(1);
  HostSet hosts{model::Cluster()};
  model::Endpoint a;
  a.hostname = "a.example";
  model::Endpoint b;
  b.hostname = "b.example";
  hosts.update(assignment({a, b}), random);
  ASSERT_EQ(hosts.hosts().size(), 2u);
  const Host* second = hosts.hosts()[1].get();
  hosts.update(assignment({b}), random);
  EXPECT_EQ(hosts.hosts()[0].get(), second);
}

TEST(HostSet, CountsAnAddressOnce) {
  Random random(1);
  HostSet hosts{model::Cluster()};
  hosts.update(assignment({locality("a", 0, 0, {endpoint(1, 5)}), locality("b", 1, 0, {endpoint(1), endpoint(2)})}),
               random);
  EXPECT_EQ(hosts.hosts().size(), 2u);
  EXPECT_EQ(host_numbered(hosts, 1)->weight(), 5u);
  EXPECT_EQ(host_numbered(hosts, 1)->priority, 0u);
}

TEST(HostSet, LetsARequestOutliveItsHostsMembership) {
  Random random(1);
  HostSet hosts{model::Cluster()};
  hosts.update(assignment({endpoint(1)}), random);
  const ActiveRequest running(*hosts.pick({}, random));
  hosts.update(assignment({endpoint(2)}), random);
  EXPECT_FALSE(running.host().is_member);
  EXPECT_EQ(number_of(running.host()), 1);
  EXPECT_EQ(running.host().active_requests, 1u);
}

TEST(HostSet, AvoidsHostsWhileThereAreOthers) {
  Random random(1);
  for (const auto balancing :
       {model::Balancing::kRoundRobin, model::Balancing::kRandom, model::Balancing::kLeastRequest}) {
    HostSet hosts{model::Cluster{.balancing = balancing}};
    hosts.update(assignment(endpoints(1, 3)), random);
    const std::vector<const Host*> avoid = {host_numbered(hosts, 1), host_numbered(hosts, 3)};
    for (int i = 0; i < 200; ++i) EXPECT_EQ(number_of(*hosts.pick({.avoid = avoid, .attempts = 1}, random)), 2);
    const std::vector<const Host*> all = {host_numbered(hosts, 1), host_numbered(hosts, 2), host_numbered(hosts, 3)};
    EXPECT_NE(hosts.pick({.avoid = all, .attempts = 5}, random), nullptr);
  }
}

TEST(HostSet, BoundsPriorities) {
  Random random(1);
  HostSet hosts{model::Cluster()};
  hosts.update(
      assignment({locality("a", 0xFFFFFFFF, 3, endpoints(1, 1)), locality("b", 0xFFFFFFFE, 1, endpoints(2, 1))}),
      random);
  EXPECT_LE(hosts.loads().size(), 129u);
  EXPECT_EQ(pick_many(hosts, random, 100), (Counts{{1, 75}, {2, 25}}));
}

TEST(HostSet, EjectsAndRestoresOnce) {
  Random random(1);
  HostSet hosts{model::Cluster()};
  hosts.update(assignment(endpoints(1, 4)), random);
  Host& first = *host_numbered(hosts, 1);
  hosts.eject(first, TimePoint(), random);
  hosts.eject(first, TimePoint(), random);
  EXPECT_EQ(hosts.ejected_count(), 1u);
  EXPECT_EQ(pick_many(hosts, random, 300), (Counts{{2, 100}, {3, 100}, {4, 100}}));
  hosts.restore(first, random);
  hosts.restore(first, random);
  EXPECT_EQ(hosts.ejected_count(), 0u);
  EXPECT_EQ(pick_many(hosts, random, 400).at(1), 100);
}

}  // namespace
}  // namespace ripstop::policy
