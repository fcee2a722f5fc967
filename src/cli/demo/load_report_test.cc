#include "cli/demo/load_report.h"

#include <gtest/gtest.h>

namespace ripstop::cli::demo {
namespace {

TEST(LoadReport, IsReadFromTheLastObjectInTheOutput) {
  const auto report = parse_load_report(
      "ripstop: the proxy was started again\n"
      R"({"requests":10,"failures":1,"rps":12.5,"versions":{"v1":6,"v2":3},"p50_us":7,"first_error":"closed"})"
      "\nripstop: done\n");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->requests, 10U);
  EXPECT_EQ(report->failures, 1U);
  EXPECT_EQ(report->of("v1"), 6U);
  EXPECT_EQ(report->of("v3"), 0U);
  EXPECT_DOUBLE_EQ(report->percent_of("v2"), 30.0);
  EXPECT_DOUBLE_EQ(report->rps, 12.5);
  EXPECT_EQ(report->p50_us, 7U);
  EXPECT_EQ(report->first_error, "closed");
}

TEST(LoadReport, QuotesWhatWasSaidInstead) {
  const auto report = parse_load_report("bookinfo: cannot resolve reviews\n");
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().message.find("cannot resolve reviews"), std::string::npos);
}

TEST(LoadReport, OfBrokenOrForeignJsonIsNone) {
  EXPECT_FALSE(parse_load_report("{\"requests\":10"));
  EXPECT_FALSE(parse_load_report("{\"error\":1}"));
  EXPECT_FALSE(parse_load_report(""));
}

TEST(LoadReport, HasNoShareWithoutRequests) {
  EXPECT_DOUBLE_EQ(LoadReport().percent_of("v1"), 0.0);
}

TEST(LoadReport, TakesWrongTypesForNothing) {
  const auto report = parse_load_report(R"({"requests":"many","versions":[1],"rps":"fast","first_error":3})");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->requests, 0U);
  EXPECT_TRUE(report->versions.empty());
}

}  // namespace
}  // namespace ripstop::cli::demo
