#include "cli/api/answer.h"

#include <gtest/gtest.h>

namespace ripstop::cli {
namespace {

std::string refusal(std::string_view text) {
  return not_an_object(text).message;
}

TEST(Answer, ThatIsAnotherKindOfJsonIsRefused) {
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
