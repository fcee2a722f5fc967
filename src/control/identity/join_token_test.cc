#include "control/identity/join_token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "control/store/store.h"
#include "control/testing/temporary_folder.h"

namespace ripstop::control {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

constexpr WallTime kNow{seconds(1'700'000'000)};
const model::Identity kReviews{"cluster.local", "default", "reviews"};

class JoinTokenTest : public testing::Test {
 protected:
  JoinTokenTest() : store_(Store::open(folder_ / "mesh.db")) {}
  TokenTable tokens() { return store_->tokens(); }
  std::string issue(uint32_t uses) { return issue_token(tokens(), kReviews, seconds(60), uses, kNow)->text; }

  TemporaryFolder folder_;
  Result<Store> store_;
};

TEST_F(JoinTokenTest, GivesTheIdentityItWasIssuedForAsOftenAsWasSaid) {
  const std::string token = issue(2);
  EXPECT_EQ(*redeem_token(tokens(), token, kNow), kReviews);
  EXPECT_EQ(*redeem_token(tokens(), token, kNow + seconds(59)), kReviews);
  EXPECT_EQ(redeem_token(tokens(), token, kNow).error().code, ErrorCode::kPermissionDenied);
}

TEST_F(JoinTokenTest, CountsUsesOverARestart) {
  const std::string token = issue(1);
  ASSERT_TRUE(redeem_token(tokens(), token, kNow));
  store_ = fail(ErrorCode::kClosed, "closed");
  store_ = Store::open(folder_ / "mesh.db");
  EXPECT_FALSE(redeem_token(tokens(), token, kNow));
}

TEST_F(JoinTokenTest, ExpiresToTheSecond) {
  const std::string token = issue(5);
  const auto late = redeem_token(tokens(), token, kNow + seconds(60));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::kPermissionDenied);
  EXPECT_THAT(late.error().message, HasSubstr("expired"));
}

TEST_F(JoinTokenTest, SaysTheSameAboutEveryTokenThatIsNotRight) {
  const std::string token = issue(1);
  std::string other_secret = token;
  other_secret[token.size() - 10] = token[token.size() - 10] == 'A' ? 'B' : 'A';
  std::string other_id = token;
  other_id[10] = token[10] == 'A' ? 'B' : 'A';
  std::set<std::string> messages;
  for (const std::string& wrong :
       {other_secret, other_id, token + "A", token.substr(0, token.size() - 1), token + "=", token.substr(8),
        std::string(), std::string("ripstop-"), std::string(1 << 20, 'x')}) {
    const auto redeemed = redeem_token(tokens(), wrong, kNow);
    ASSERT_FALSE(redeemed) << wrong.substr(0, 80);
    EXPECT_EQ(redeemed.error().code, ErrorCode::kUnauthenticated);
    messages.insert(redeemed.error().message);
  }
  EXPECT_EQ(messages.size(), 1U);
  EXPECT_TRUE(redeem_token(tokens(), token, kNow)) << "failed attempts take no use";
}

TEST_F(JoinTokenTest, IsRevokedAtOnce) {
  const auto issued = issue_token(tokens(), kReviews, seconds(60), 1, kNow);
  EXPECT_TRUE(*tokens().revoke(issued->id));
  EXPECT_FALSE(*tokens().revoke(issued->id));
  EXPECT_FALSE(redeem_token(tokens(), issued->text, kNow));
}

TEST_F(JoinTokenTest, LeavesNothingOfTheSecretInTheStore) {
  const std::string token = issue(1);
  std::string bytes;
  for (const char* name : {"mesh.db", "mesh.db-wal"}) {
    std::ifstream file(folder_ / name, std::ios::binary);
    bytes.append(std::istreambuf_iterator<char>(file), {});
  }
  EXPECT_THAT(bytes, HasSubstr("spiffe://cluster.local/ns/default/sa/reviews"));
  EXPECT_THAT(bytes, Not(HasSubstr(token.substr(20, 16))));
}

TEST_F(JoinTokenTest, IsSweptWhenExpiredOrUsedUp) {
  const std::string used = issue(1);
  issue(1);
  ASSERT_TRUE(issue_token(tokens(), kReviews, seconds(600), 1, kNow));
  ASSERT_TRUE(redeem_token(tokens(), used, kNow));
  EXPECT_EQ(*tokens().sweep(kNow), 1U);
  EXPECT_EQ(*tokens().sweep(kNow + seconds(60)), 1U);
  EXPECT_EQ(tokens().list()->size(), 1U);
}

TEST_F(JoinTokenTest, AreAllDifferentAndLong) {
  std::set<std::string> seen;
  for (int i = 0; i < 50; ++i) {
    const std::string token = issue(1);
    EXPECT_EQ(token.size(), 8U + 54U);
    EXPECT_TRUE(seen.insert(token).second);
  }
  EXPECT_FALSE(issue_token(tokens(), kReviews, seconds(0), 1, kNow));
  EXPECT_FALSE(issue_token(tokens(), kReviews, seconds(1), 0, kNow));
}

}  // namespace
}  // namespace ripstop::control
