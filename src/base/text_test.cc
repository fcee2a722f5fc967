#include "base/text.h"

#include <gtest/gtest.h>

namespace ripstop {
namespace {

TEST(Text, NearestFindsATypoAndNothingElse) {
  const std::vector<std::string> kinds = {"VirtualService", "DestinationRule", "ServiceEntry"};
  EXPECT_EQ(nearest("VirtaulService", kinds), "VirtualService");
  EXPECT_EQ(nearest("serviceentry", kinds), "ServiceEntry");
  EXPECT_EQ(nearest("Deployment", kinds), std::nullopt);
}

TEST(Text, Base64GoesThereAndBack) {
  for (const std::string text : {"", "f", "fo", "foo", "foob", "fooba", "foobar"}) {
    EXPECT_EQ(from_base64(to_base64(text)), text);
  }
  EXPECT_EQ(to_base64("foob"), "Zm9vYg==");
  for (const char* bad : {"Z", "Zg=", "Zg==Zg==", "Z===", "Zm9*"}) EXPECT_FALSE(from_base64(bad)) << bad;
}

TEST(Text, ParseNumberTakesTheWholeTextOrNothing) {
  EXPECT_EQ(parse_number<uint16_t>("65535"), 65535);
  for (const char* bad : {"", "65536", "-1", "+1", " 1", "1 ", "0x1"}) EXPECT_FALSE(parse_number<uint16_t>(bad)) << bad;
}

TEST(Text, SplitKeepsEmptyPieces) {
  EXPECT_EQ(split("a,,b", ','), (std::vector<std::string_view>{"a", "", "b"}));
  EXPECT_EQ(split("", ',').size(), 1U);
}

}  // namespace
}  // namespace ripstop
