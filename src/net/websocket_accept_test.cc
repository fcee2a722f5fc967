#include "net/websocket_accept.h"

#include <gtest/gtest.h>

namespace ripstop::net {
namespace {

TEST(WebSocketAccept, IsThatOfTheStandardsExample) {
  EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

}  // namespace
}  // namespace ripstop::net
