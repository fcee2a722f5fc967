#include "policy/route/text_index.h"

#include <gtest/gtest.h>

#include <string>

namespace ripstop::policy {
namespace {

TEST(TextIndex, FindsWhatWasInsertedAndNothingElse) {
  std::vector<std::string> keys;
  keys.reserve(5'000);
  for (int i = 0; i < 5'000; ++i) keys.push_back("service-" + std::to_string(i) + ".default.svc.cluster.local");
  TextIndex index;
  for (uint32_t i = 0; i < keys.size(); ++i) EXPECT_TRUE(index.insert(keys[i], i));
  EXPECT_EQ(index.size(), keys.size());
  for (uint32_t i = 0; i < keys.size(); ++i) EXPECT_EQ(index.find(keys[i]), i);
  EXPECT_EQ(index.find("service-5000.default.svc.cluster.local"), std::nullopt);
  EXPECT_EQ(index.find(""), std::nullopt);
}

TEST(TextIndex, KeepsTheFirstValueOfAKey) {
  TextIndex index;
  EXPECT_TRUE(index.insert("a", 1));
  EXPECT_FALSE(index.insert("a", 2));
  EXPECT_EQ(index.find("a"), 1u);
}

TEST(TextIndex, TakesTheEmptyKey) {
  TextIndex index;
  EXPECT_EQ(index.find(""), std::nullopt);
  EXPECT_TRUE(index.insert({}, 7));
  EXPECT_EQ(index.find(""), 7u);
}

}  // namespace
}  // namespace ripstop::policy
