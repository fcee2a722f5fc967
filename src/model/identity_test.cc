#include "model/identity.h"

#include <gtest/gtest.h>

namespace ripstop::model {
namespace {

TEST(Identity, GoesThereAndBack) {
  const auto identity = Identity::parse("spiffe://cluster.local/ns/default/sa/bookinfo-reviews");
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->ns, "default");
  EXPECT_EQ(identity->service_account, "bookinfo-reviews");
  EXPECT_EQ(identity->to_string(), "spiffe://cluster.local/ns/default/sa/bookinfo-reviews");
}

TEST(Identity, RefusesWhatIsNotExactlyThreeParts) {
  for (const char* text :
       {"", "spiffe://", "https://cluster.local/ns/a/sa/b", "spiffe://cluster.local/ns/a", "spiffe:///ns/a/sa/b",
        "spiffe://Cluster.local/ns/a/sa/b", "spiffe://cluster.local:1/ns/a/sa/b", "spiffe://c/ns/../sa/b",
        "spiffe://c/ns/a/sa/b/", "spiffe://c/ns/a/sa/b?x", "spiffe://c/ns/a%2f/sa/b", "SPIFFE://c/ns/a/sa/b"}) {
    EXPECT_FALSE(Identity::parse(text)) << text;
  }
}

}  // namespace
}  // namespace ripstop::model
