#include "load/drive/tally.h"

#include <gtest/gtest.h>

#include <fstream>

namespace ripstop::load {
namespace {

TEST(Tally, CountsAnswersOfTheWindowAndLatenciesOfItsRequests) {
  Tally tally;
  tally.set_window(1000, 2000);
  tally.answered(900, 950);    // before it
  tally.answered(990, 1000);   // answered within, meant to be sent before
  tally.answered(1500, 1600);  // within
  tally.answered(1900, 5000);  // meant to be sent within, answered long after: the one a closed window would hide
  EXPECT_EQ(tally.answers(), 2U);
  EXPECT_EQ(tally.all_answers(), 4U);
  EXPECT_EQ(tally.latencies().count(), 2U);
  EXPECT_EQ(tally.latencies().longest(), 3100);
}

TEST(Tally, RequestsThatAreGivenUpWeighOnTheLatencies) {
  Tally tally;
  tally.set_window(0, 100);
  tally.answered(10, 20);
  tally.unanswered(3, 1'000'000);
  EXPECT_EQ(tally.given_up(), 3U);
  EXPECT_EQ(tally.latencies().percentile(0.5), 1'000'000);
}

TEST(Tally, FailuresAreCountedByTheirCause) {
  Tally tally;
  tally.failed("status is not 200");
  tally.failed("connection ended");
  tally.failed("status is not 200");
  EXPECT_EQ(tally.errors(), 3U);
  EXPECT_EQ(tally.failures().at("status is not 200"), 2U);
}

TEST(Tally, PublishesItsCount) {
  const std::string path = ::testing::TempDir() + "load_tally_test";
  Tally tally;
  ASSERT_TRUE(tally.publish_to(path).has_value());
  tally.answered(1, 2);
  tally.answered(1, 2);
  uint64_t count = 0;
  std::ifstream(path, std::ios::binary).read(reinterpret_cast<char*>(&count), sizeof count);
  EXPECT_EQ(count, 2U);
  EXPECT_FALSE(Tally().publish_to("/nowhere/at/all").has_value());
}

}  // namespace
}  // namespace ripstop::load
