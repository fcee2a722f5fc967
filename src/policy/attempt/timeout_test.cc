#include "policy/attempt/timeout.h"

#include <gtest/gtest.h>

namespace ripstop::policy {
namespace {

using namespace std::chrono_literals;

struct Row {
  const char* name;
  std::optional<Duration> route;
  std::optional<Duration> per_try;
  std::optional<Duration> idle;
  ExchangeTimeouts expected;
};

TEST(Timeouts, FollowRouteRetryPolicyAndConnection) {
  const std::vector<Row> rows = {
      {"nothing set", {}, {}, {}, {.idle = 300s}},
      {"all set", 15s, 2s, 60s, {.route = 15s, .per_try = 2s, .idle = 60s}},
      {"a per-try time-out as long as the route's", 2s, 2s, {}, {.route = 2s, .idle = 300s}},
      {"a per-try time-out alone", {}, 2s, {}, {.per_try = 2s, .idle = 300s}},
      {"zero switches off", 0s, 0s, 0s, {}},
      {"less than zero switches off", -1s, -1s, -1s, {}},
  };
  for (const Row& row : rows) {
    auto source = std::make_shared<model::RouteTable>();
    source->virtual_hosts = {{.name = "h", .domains = {"*"}}};
    auto& route = source->virtual_hosts[0].routes.emplace_back();
    route.action = model::Forward{.clusters = {{.cluster = "c"}},
                                  .timeout = row.route,
                                  .idle_timeout = row.idle,
                                  .retry = model::RetryPolicy{.per_try_timeout = row.per_try}};
    const auto table = CompiledRouteTable::compile(source);
    ASSERT_TRUE(table.has_value());
    const CompiledRoute* found = (*table)->find({.path = "/"}).route;
    EXPECT_EQ(timeouts_of(*found, 300s), row.expected) << row.name;
  }
}

TEST(AttemptDeadline, IsTheEarlierOfTheTwo) {
  const TimePoint now{1h};
  const ExchangeTimeouts timeouts{.route = 10s, .per_try = 2s};
  EXPECT_EQ(attempt_deadline(timeouts, now + 10s, now).at, now + 2s);
  EXPECT_TRUE(attempt_deadline(timeouts, now + 10s, now).is_per_try);
  EXPECT_EQ(attempt_deadline(timeouts, now + 1s, now).at, now + 1s);
  EXPECT_FALSE(attempt_deadline(timeouts, now + 1s, now).is_per_try);
  EXPECT_EQ(attempt_deadline({}, kNever, now).at, kNever);
  EXPECT_FALSE(attempt_deadline({}, kNever, now).is_per_try);
}

}  // namespace
}  // namespace ripstop::policy
