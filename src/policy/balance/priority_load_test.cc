#include "policy/balance/priority_load.h"

#include <gtest/gtest.h>

namespace ripstop::policy {
namespace {

struct Row {
  const char* name;
  std::vector<PriorityHealth> priorities;
  uint32_t panic_percent;
  std::vector<PriorityLoad> loads;
};

// The examples of Envoy's documentation with an overprovisioning factor of 1.4 and 100 hosts a priority, and the edges.
TEST(PriorityLoad, FollowsEnvoysTables) {
  const std::vector<Row> rows = {
      {"all healthy", {{100, 100}, {100, 100}}, 50, {{100}, {0}}},
      {"72 % are still enough", {{100, 72}, {100, 100}}, 50, {{100}, {0}}},
      {"71 % spill one per cent", {{100, 71}, {100, 100}}, 50, {{99}, {1}}},
      {"half", {{100, 50}, {100, 100}}, 50, {{70}, {30}}},
      {"a quarter", {{100, 25}, {100, 100}}, 50, {{35}, {65}}},
      {"first down", {{100, 0}, {100, 100}}, 50, {{0}, {100}}},
      {"three levels", {{100, 25}, {100, 25}, {100, 100}}, 50, {{35}, {35}, {30}}},
      {"normalised, panic off", {{100, 25}, {100, 25}}, 0, {{50}, {50}}},
      {"normalised, one in panic", {{100, 20}, {100, 35}}, 30, {{38 - 1, 0, true}, {63}}},
      {"total panic", {{100, 20}, {100, 20}}, 50, {{50, 0, true}, {50, 0, true}}},
      {"total panic by size", {{30, 0}, {90, 0}}, 50, {{25, 0, true}, {75, 0, true}}},
      {"total panic, one empty", {{0, 0}, {3, 0}}, 50, {{0, 0, true}, {100, 0, true}}},
      {"all down, panic off", {{4, 0}}, 0, {{0}}},
      {"no hosts", {{0, 0}}, 50, {{0, 0, true}}},
      {"no hosts, panic off", {{0, 0}}, 0, {{0}}},
      {"degraded take the rest", {{100, 25, 75}}, 50, {{35, 65}}},
      {"degraded of the first before healthy of the next are not used", {{100, 50, 50}, {100, 50}}, 50, {{70}, {30}}},
      {"only degraded", {{10, 0, 10}}, 50, {{0, 100}}},
      {"one host of one", {{1, 1}}, 50, {{100}}},
  };
  for (const Row& row : rows) EXPECT_EQ(priority_loads(row.priorities, 140, row.panic_percent), row.loads) << row.name;
}

TEST(PriorityLoad, AddsUpToAHundred) {
  for (uint32_t first = 0; first <= 7; ++first) {
    for (uint32_t second = 0; second <= 7; ++second) {
      const std::vector<PriorityHealth> priorities = {{7, first, 7 - first}, {7, second}, {3, 1}};
      uint32_t sum = 0;
      for (const PriorityLoad& load : priority_loads(priorities, 140, 50)) {
        sum += load.healthy_percent + load.degraded_percent;
      }
      EXPECT_EQ(sum, 100u) << first << " " << second;
    }
  }
}

TEST(PriorityLoad, SurvivesExtremeFactors) {
  EXPECT_EQ(priority_loads(std::vector<PriorityHealth>{{4'000'000'000, 4'000'000'000}}, 4'000'000'000, 50),
            (std::vector<PriorityLoad>{{100}}));
  EXPECT_EQ(priority_loads(std::vector<PriorityHealth>{{2, 2}}, 0, 0), (std::vector<PriorityLoad>{{0}}));
}

}  // namespace
}  // namespace ripstop::policy
