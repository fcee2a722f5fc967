#include "cli/api/answer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace ripstop::cli {
namespace {

std::string refusal(std::string_view text) {
  const auto parsed = parse_answer(text);
  return parsed ? "accepted" : parsed.error().message;
}

TEST(Answer, IsAnObject) {
  const auto parsed = parse_answer(R"({"id": "web-1"})");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->value("id", ""), "web-1");
  EXPECT_EQ(refusal("[]"), "the control plane's answer is not a JSON object");
}

TEST(Answer, ThatIsNoJsonIsRefusedWithoutQuotingIt) {
  EXPECT_NE(refusal("").find("from byte 1 of 0 on"), std::string::npos) << refusal("");
  const std::string cut = refusal(R"({"join_token": "secret)");
  EXPECT_NE(cut.find("of 22 on"), std::string::npos) << cut;
  EXPECT_EQ(cut.find("secret"), std::string::npos) << cut;
}

}  // namespace
}  // namespace ripstop::cli
