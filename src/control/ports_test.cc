#include "control/ports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/testing/temporary_folder.h"
#include "runtime/reactor.h"

namespace ripstop::control {
namespace {

using testing::HasSubstr;

constexpr PortUse kUse = {"xds_port", "--listen", "which proxies connect to"};

class PortsTest : public testing::Test {
 protected:
  Result<runtime::Acceptor> listen(const std::optional<SocketAddress>& asked = std::nullopt) {
    return listen_as_before(store_, asked, kUse);
  }

  TemporaryFolder folder_;
  runtime::Reactor reactor_;
  Store store_ = std::move(*Store::open(folder_ / "mesh.db"));
};

TEST_F(PortsTest, TheFirstPortIsKept) {
  const SocketAddress first = *listen()->local_address();
  EXPECT_TRUE(first.ip.is_loopback());
  EXPECT_EQ(*listen()->local_address(), first);
  EXPECT_EQ(*listen(SocketAddress{IpAddress::loopback_v4(), 0})->local_address(), first);
}

TEST_F(PortsTest, APortThatIsTakenIsNotExchangedInSilence) {
  const auto holder = listen();
  const auto again = listen();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kAlreadyExists);
  EXPECT_THAT(again.error().message, HasSubstr(holder->local_address()->to_string()));
  EXPECT_THAT(again.error().message, HasSubstr("port of last time"));
  const auto asked = listen(holder->local_address().value());
  ASSERT_FALSE(asked);
  EXPECT_THAT(asked.error().message, HasSubstr("choose another with --listen"));
}

TEST_F(PortsTest, AnAskedPortIsNotRemembered) {
  uint16_t asked = 0;
  {
    const auto free = runtime::Acceptor::listen({SocketAddress{IpAddress::loopback_v4(), 0}, {}});
    asked = free->local_address()->port;
  }
  ASSERT_TRUE(listen(SocketAddress{IpAddress::loopback_v4(), asked}));
  EXPECT_EQ(*store_.setting("xds_port"), std::nullopt);
}

}  // namespace
}  // namespace ripstop::control
