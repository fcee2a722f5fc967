#include "cli/demo/view/report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/demo/texts.h"
#include "cli/demo/view/picture.h"

namespace ripstop::cli::demo {
namespace {

const Outcome kGood = {"split", "v1 75 %", "v1 \"75\" %", true};
const Outcome kBad = {"retries", "none fails", "3 failed", false};

TEST(Report, IsOneLineOfJsonPerStep) {
  const std::string line = render_object(kGood, Format::kJson);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json.size(), 4U);
  EXPECT_EQ(json["name"], "split");
  EXPECT_EQ(json["expected"], "v1 75 %");
  EXPECT_EQ(json["measured"], "v1 \"75\" %");
  EXPECT_EQ(json["ok"], true);
}

TEST(Report, SumsUp) {
  EXPECT_NE(render_summary({kGood, kGood}, false).find("All 2 steps"), std::string::npos);
  const std::string text = render_summary({kGood, kBad}, false);
  EXPECT_NE(text.find("1 of 2 steps failed"), std::string::npos);
  EXPECT_NE(text.find("FAILED  retries"), std::string::npos);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(Report, HasColorsOnlyWhereTheyAreWanted) {
  EXPECT_EQ(render_line(kBad, false).find('\x1b'), std::string::npos);
  EXPECT_NE(render_line(kBad, true).find("\x1b[31m"), std::string::npos);
}

Picture sample_picture() {
  Picture picture{.what = "a split", .outcomes = {kGood, kBad}, .hops = {}, .seconds = 2};
  picture.hops[{"load", "reviews-v1"}] = {.requests = 75, .mutual_tls = 75};
  picture.hops[{"load", "reviews-v2"}] = {.requests = 25, .failures = 5, .mutual_tls = 20};
  return picture;
}

TEST(Picture, ShowsSplitServicesAndHops) {
  const std::string text = render_picture(sample_picture(), {.width = 100, .height = 50});
  EXPECT_NE(text.find("v1  ##############################.......... "), std::string::npos) << text;
  EXPECT_NE(text.find(" 75.00 %"), std::string::npos);
  EXPECT_NE(text.find("reviews-v2              12   80.00 %"), std::string::npos) << text;
  EXPECT_NE(text.find("load > reviews-v2"), std::string::npos);
  EXPECT_NE(text.find("FAILED retries: 3 failed"), std::string::npos);
}

TEST(Picture, StaysInsideTheTerminal) {
  for (const bool has_color : {false, true}) {
    const std::string text = render_picture(sample_picture(), {.width = 30, .height = 7, .has_color = has_color});
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 7);
    size_t columns = 0;
    bool is_escape = false;
    for (const char c : text) {
      if (c == '\x1b') is_escape = true;
      if (!is_escape && c != '\n') EXPECT_LE(++columns, 30U);
      if (c == '\n') columns = 0;
      if (is_escape && c == 'm') is_escape = false;
    }
  }
}

TEST(Picture, IsDrawnWithoutAnyTraffic) {
  const std::string text = render_picture({}, {});
  EXPECT_NE(text.find("  0.00 %"), std::string::npos);
}

TEST(Texts, AreTheOnesThatTheStepsApply) {
  for (const char* file :
       {"75-25.yaml", "80-20-v1alpha3.yaml", "user-to-v3.yaml", "no-retries.yaml", "retry.yaml", "strict-mtls.yaml"}) {
    EXPECT_TRUE(text_named(file).starts_with("apiVersion: ")) << file;
  }
  EXPECT_TRUE(text_named("other.yaml").empty());
}

}  // namespace
}  // namespace ripstop::cli::demo
