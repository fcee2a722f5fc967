#include "cli/run/leave.h"

#include <gtest/gtest.h>

namespace ripstop::cli {
namespace {

TEST(Leave, EveryConnectedProxyHasToBeInStep) {
  EXPECT_TRUE(are_all_in_step(R"({"proxies":[]})"));
  EXPECT_TRUE(are_all_in_step(R"({"proxies":[{"connected":true,"synced":true},{"connected":false}]})"));
  EXPECT_FALSE(are_all_in_step(R"({"proxies":[{"connected":true,"synced":true},{"connected":true,"synced":false}]})"));
  EXPECT_FALSE(are_all_in_step(R"({"proxies":[{"connected":true}]})"));
}

TEST(Leave, AnAnswerThatSaysNothingIsNoConsent) {
  for (const char* text : {"", "[]", "{}", R"({"proxies":7})", R"({"proxies":[7]})", "{\"proxies\":["}) {
    EXPECT_FALSE(are_all_in_step(text)) << text;
  }
}

TEST(Leave, ReadsTheRequestsUnderWay) {
  EXPECT_EQ(requests_under_way("server.state: LIVE\ndownstream_rq_active: 3\n"), 3);
  EXPECT_EQ(requests_under_way("downstream_rq_active: 0"), 0);
  EXPECT_EQ(requests_under_way("downstream_rq_active: many\n"), -1);
  EXPECT_EQ(requests_under_way("not downstream_rq_active: 3\n"), -1);
}

}  // namespace
}  // namespace ripstop::cli
