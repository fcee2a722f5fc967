#include "bookinfo/load.h"

#include <gtest/gtest.h>

namespace ripstop::bookinfo {
namespace {

TEST(Tally, CountsVersionsOfEitherService) {
  EXPECT_EQ(version_in(R"({"service":"reviews","version":"v2","reviews":["a"]})"), "v2");
  EXPECT_EQ(version_in(R"({"service":"productpage","reviews":{"version":"v3"}})"), "v3");
  EXPECT_EQ(version_in("not json"), "");
  Tally tally;
  tally.count(200, R"({"version":"v1"})", 10);
  tally.count(503, R"({"version":"v2"})", 20);
  tally.count(0, "", 30);
  EXPECT_EQ(tally.requests, 3U);
  EXPECT_EQ(tally.failures, 2U);
  EXPECT_EQ(tally.by_version.size(), 1U);
  EXPECT_EQ(tally.percentile(0.99), 30U);
}

TEST(Tally, PercentilesOfNothingAreZero) {
  Tally tally;
  EXPECT_EQ(tally.percentile(0.5), 0U);
  EXPECT_NE(tally.to_json().find("\"requests\":0"), std::string::npos);
}

}  // namespace
}  // namespace ripstop::bookinfo
