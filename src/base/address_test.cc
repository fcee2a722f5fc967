#include "base/address.h"

#include <gtest/gtest.h>

namespace ripstop {
namespace {

TEST(IpAddress, ParsesAndPrintsBothFamilies) {
  EXPECT_EQ(IpAddress::parse("10.1.2.3")->to_string(), "10.1.2.3");
  EXPECT_EQ(IpAddress::parse("2001:DB8:0::1")->to_string(), "2001:db8::1");
  EXPECT_TRUE(IpAddress::parse("127.9.9.9")->is_loopback());
  EXPECT_TRUE(IpAddress::parse("::1")->is_loopback());
}

TEST(IpAddress, RefusesScopesOctalAndRubbish) {
  for (const char* text : {"", "fe80::1%eth0", "010.0.0.1", "1.2.3", "1.2.3.4.5", "::1::", "localhost", "1.2.3.4 "}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
  EXPECT_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0x", 9)));
}

TEST(SocketAddress, NeedsBracketsAroundIpv6) {
  EXPECT_EQ(SocketAddress::parse("[::1]:80")->to_string(), "[::1]:80");
  EXPECT_FALSE(SocketAddress::parse("::1:80"));
  EXPECT_FALSE(SocketAddress::parse("1.2.3.4"));
  EXPECT_FALSE(SocketAddress::parse("1.2.3.4:65536"));
}

TEST(CidrBlock, ContainsByBits) {
  const auto block = CidrBlock::parse("10.128.0.0/9");
  ASSERT_TRUE(block);
  EXPECT_TRUE(block->contains(*IpAddress::parse("10.200.0.1")));
  EXPECT_FALSE(block->contains(*IpAddress::parse("10.1.0.1")));
  EXPECT_FALSE(block->contains(*IpAddress::parse("::1")));
  EXPECT_FALSE(CidrBlock::parse("10.0.0.0/33"));
}

}  // namespace
}  // namespace ripstop
