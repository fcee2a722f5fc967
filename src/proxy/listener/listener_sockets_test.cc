#include "proxy/listener/listener_sockets.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>

#include "net/net_testing.h"
#include "proxy/testing/one_worker.h"
#include "runtime/socket_address.h"

namespace ripstop::proxy {
namespace {

using net::testing::run_all;

runtime::FileDescriptor listening_on_loopback(SocketAddress& address) {
  auto socket = *runtime::open_listener({SocketAddress{IpAddress::loopback_v4(), 0}, {}});
  runtime::KernelAddress local;
  EXPECT_EQ(getsockname(socket.get(), local.get(), &local.size), 0);
  address = *runtime::from_kernel(local);
  return socket;
}

// A port that nobody listens on, kept from everybody who does not share ports.
struct ReservedPort {
  ReservedPort() : socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int yes = 1;
    EXPECT_EQ(setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes), 0);
    EXPECT_EQ(setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes), 0);
    const auto any = runtime::to_kernel(SocketAddress{IpAddress::loopback_v4(), 0});
    EXPECT_EQ(::bind(socket.get(), any.get(), any.size), 0);
    runtime::KernelAddress local;
    EXPECT_EQ(getsockname(socket.get(), local.get(), &local.size), 0);
    address = *runtime::from_kernel(local);
  }
  runtime::FileDescriptor socket;
  SocketAddress address;
};

class Sockets : public ::testing::Test {
 protected:
  Sockets() {
    auto started = Fleet::start(2, [this](size_t index) -> Result<Worker::Parts> {
      Worker::Parts parts;
      parts.dialer = *ApplicationDialer::open(-1);
      parts.telemetry = std::make_unique<testing::RecordingTelemetry>(lines_[index], tcp_bytes_[index]);
      return parts;
    });
    fleet_ = std::move(*started);
    store_ = std::make_unique<ConfigStore>(secrets_, [this](const std::shared_ptr<const SettingsDelta>& delta) {
      fleet_->post_all([delta](Worker& worker) { worker.apply(*delta); });
    });
  }

  // A listener that answers every request by itself, as its cluster does not exist.
  model::Listener listener_at(std::vector<SocketAddress> addresses) {
    model::Listener listener;
    listener.name = "in";
    listener.address = addresses.at(0);
    listener.more_addresses.assign(addresses.begin() + 1, addresses.end());
    listener.default_filter_chain.emplace();
    listener.default_filter_chain->filter = testing::route_all_to("none");
    return listener;
  }
  Status open(ListenerSockets& sockets, const model::Listener& listener) {
    EXPECT_TRUE(store_->add_listener(listener));
    Status opened = sockets.open(listener, *fleet_);
    settle_workers();
    return opened;
  }
  // The workers have done what was posted before.
  void settle_workers() {
    runtime::Scope scope;
    scope.spawn(barrier());
    ASSERT_TRUE(run_all(reactor_, scope));
  }
  runtime::Task<void> barrier() {
    std::function<int(Worker&)> nothing = [](Worker&) { return 0; };
    co_await fleet_->gather(std::move(nothing));
  }
  bool can_connect(const SocketAddress& address) {
    bool connected = false;
    runtime::Scope scope;
    scope.spawn(try_connect(address, connected));
    EXPECT_TRUE(run_all(reactor_, scope));
    return connected;
  }
  static runtime::Task<void> try_connect(SocketAddress address, bool& connected) {
    const auto socket = co_await runtime::connect({address, {}}, net::testing::soon());
    connected = socket.has_value();
  }
  // A worker takes connections to this address.
  bool is_served(const SocketAddress& address) {
    std::string heard;
    runtime::Scope scope;
    scope.spawn(testing::OneWorker::talk(address, "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", {}, heard));
    EXPECT_TRUE(run_all(reactor_, scope));
    return heard.starts_with("HTTP/1.1 503 ");
  }
  static ListenerSockets none_inherited() { return std::move(*ListenerSockets::adopt({})); }

  runtime::Reactor reactor_;
  // Each worker's own, for they are threads.
  std::array<std::vector<testing::RecordingTelemetry::Line>, 2> lines_;
  std::array<testing::RecordingTelemetry::TcpBytes, 2> tcp_bytes_;
  SecretStore secrets_;
  std::unique_ptr<Fleet> fleet_;
  std::unique_ptr<ConfigStore> store_;
};

TEST_F(Sockets, AnInheritedOneIsFoundByItsAddressAndServed) {
  SocketAddress address;
  std::vector<runtime::FileDescriptor> inherited;
  inherited.push_back(listening_on_loopback(address));
  auto sockets = ListenerSockets::adopt(std::move(inherited));
  ASSERT_TRUE(sockets) << sockets.error().message;
  EXPECT_TRUE(sockets->take_inherited(address).is_valid());
  EXPECT_FALSE(sockets->take_inherited({IpAddress::loopback_v4(), 1}).is_valid());
  ASSERT_TRUE(open(*sockets, listener_at({address})));
  EXPECT_TRUE(is_served(address));
}

TEST_F(Sockets, AnInheritedDescriptorIsNotGivenToFurtherPrograms) {
  SocketAddress address;
  std::vector<runtime::FileDescriptor> inherited;
  inherited.push_back(listening_on_loopback(address));
  const int fd = inherited[0].get();
  fcntl(fd, F_SETFD, 0);
  const auto sockets = ListenerSockets::adopt(std::move(inherited));
  ASSERT_TRUE(sockets);
  EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(fcntl(sockets->take_inherited(address).get(), F_GETFD), FD_CLOEXEC);
}

TEST_F(Sockets, WhatDoesNotListenIsRefusedByItsNumber) {
  const auto refusal = [](runtime::FileDescriptor fd) {
    const std::string number = std::to_string(fd.get());
    std::vector<runtime::FileDescriptor> inherited;
    inherited.push_back(std::move(fd));
    const auto sockets = ListenerSockets::adopt(std::move(inherited));
    EXPECT_FALSE(sockets);
    if (sockets) return;
    EXPECT_EQ(sockets.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(sockets.error().message.find("descriptor " + number), std::string::npos) << sockets.error().message;
    EXPECT_NE(sockets.error().message.find("--listen-fd"), std::string::npos);
  };
  refusal(std::move(ReservedPort().socket));
  refusal(runtime::FileDescriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
}

TEST_F(Sockets, AreOpenedForEveryAddressOnce) {
  const ReservedPort first;
  const ReservedPort second;
  ListenerSockets sockets = none_inherited();
  const model::Listener listener = listener_at({first.address, second.address});
  ASSERT_TRUE(open(sockets, listener));
  EXPECT_TRUE(is_served(first.address));
  EXPECT_TRUE(is_served(second.address));
  ASSERT_TRUE(open(sockets, listener)) << "which changes nothing";
  EXPECT_TRUE(is_served(first.address));
}

TEST_F(Sockets, AnAddressThatIsTakenIsNamed) {
  SocketAddress taken;
  const runtime::FileDescriptor other = listening_on_loopback(taken);
  ListenerSockets sockets = none_inherited();
  const Status opened = open(sockets, listener_at({taken}));
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("listener in: "), std::string::npos) << opened.error().message;
  EXPECT_NE(opened.error().message.find(taken.to_string()), std::string::npos) << opened.error().message;
}

TEST_F(Sockets, AChangeOfAddressOpensTheNewAndClosesTheOld) {
  const ReservedPort before;
  const ReservedPort after;
  ListenerSockets sockets = none_inherited();
  ASSERT_TRUE(open(sockets, listener_at({before.address})));
  EXPECT_TRUE(is_served(before.address));
  ASSERT_TRUE(open(sockets, listener_at({after.address})));
  EXPECT_TRUE(is_served(after.address));
  EXPECT_FALSE(can_connect(before.address));
}

TEST_F(Sockets, KeepTheOldAddressWhileTheNewOneIsTaken) {
  const ReservedPort before;
  SocketAddress taken;
  runtime::FileDescriptor other = listening_on_loopback(taken);
  ListenerSockets sockets = none_inherited();
  ASSERT_TRUE(open(sockets, listener_at({before.address})));
  EXPECT_FALSE(open(sockets, listener_at({taken})));
  EXPECT_TRUE(is_served(before.address));
  other = {};
  EXPECT_TRUE(open(sockets, listener_at({taken})));
  EXPECT_TRUE(is_served(taken));
  EXPECT_FALSE(can_connect(before.address));
}

TEST_F(Sockets, AreNoneForAListenerThatOthersHandConnectionsTo) {
  const ReservedPort port;
  model::Listener listener = listener_at({port.address});
  listener.bind_to_port = false;
  ListenerSockets sockets = none_inherited();
  ASSERT_TRUE(open(sockets, listener));
  EXPECT_FALSE(can_connect(port.address));
}

TEST_F(Sockets, OfAListenerThatWasRemovedCanBeOpenedAgain) {
  SocketAddress address;
  std::vector<runtime::FileDescriptor> inherited;
  inherited.push_back(listening_on_loopback(address));
  auto sockets = ListenerSockets::adopt(std::move(inherited));
  ASSERT_TRUE(open(*sockets, listener_at({address})));
  fleet_->post_all([](Worker& worker) {
    SettingsDelta delta;
    delta.removed_listeners = {"in"};
    worker.apply(delta);
  });
  sockets->close("in");
  ASSERT_TRUE(open(*sockets, listener_at({address})));
  EXPECT_TRUE(is_served(address));
}

}  // namespace
}  // namespace ripstop::proxy
