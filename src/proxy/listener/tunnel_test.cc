#include "proxy/listener/tunnel.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>
#include <utility>

#include "base/random.h"
#include "runtime/reactor.h"
#include "runtime/scope.h"
#include "runtime/socket_address.h"

namespace ripstop::proxy {
namespace {

using runtime::Transfer;

struct TcpPair {
  net::StreamPtr outer;  // the peer's end
  net::StreamPtr inner;  // the tunnel's
};

TcpPair connect_pair() {
  const runtime::Endpoint anywhere{{IpAddress::loopback_v4(), 0}, {}};
  auto listening = runtime::open_listener(anywhere);
  EXPECT_TRUE(listening) << listening.error().message;
  runtime::KernelAddress bound;
  EXPECT_EQ(getsockname(listening->get(), bound.get(), &bound.size), 0);
  runtime::FileDescriptor near(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(near.get(), bound.get(), bound.size), 0);
  runtime::FileDescriptor far(::accept4(listening->get(), nullptr, nullptr, SOCK_CLOEXEC));
  return {net::make_tcp_stream(std::move(*runtime::Socket::adopt(std::move(near)))),
          net::make_tcp_stream(std::move(*runtime::Socket::adopt(std::move(far))))};
}

std::string random_bytes(size_t size) {
  Random random(11);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.next());
  return bytes;
}

runtime::Task<void> send(net::Stream& to, const std::string& bytes) {
  const Status sent = co_await net::write_all(to, bytes, kNever);
  EXPECT_TRUE(sent);
  to.shutdown_write();
}

// Reads in small steps, so that what comes piles up behind it.
runtime::Task<void> receive(net::Stream& from, std::string& into, size_t step) {
  std::string buffer(step, '\0');
  for (;;) {
    const auto got = co_await net::read_some(from, buffer, kNever);
    EXPECT_TRUE(got);
    if (!got || *got == 0) co_return;
    into.append(buffer, 0, *got);
  }
}

struct Tunnel {
  TcpPair client = connect_pair();
  TcpPair upstream = connect_pair();
  TunnelResult result;
  std::string to_upstream;
  std::string to_client;
};

void run(runtime::Reactor& reactor, Tunnel& tunnel, const std::string& up, const std::string& down,
         std::string_view early = {}) {
  TunnelOptions options;
  options.early_from_client = early;
  runtime::Scope scope;
  scope.spawn(relay(*tunnel.client.inner, *tunnel.upstream.inner, options, tunnel.result));
  scope.spawn(send(*tunnel.client.outer, up));
  scope.spawn(send(*tunnel.upstream.outer, down));
  scope.spawn(receive(*tunnel.upstream.outer, tunnel.to_upstream, 100'000));
  scope.spawn(receive(*tunnel.client.outer, tunnel.to_client, 7'000));
  while (scope.size() != 0) reactor.run_once(Duration::max());
}

TEST(Tunnel, CarriesBulkBothWaysUnchanged) {
  runtime::Reactor reactor;
  Tunnel tunnel;
  const std::string up = random_bytes(9'000'001);
  const std::string down = random_bytes(5'000'003);
  run(reactor, tunnel, up, down);
  EXPECT_TRUE(tunnel.to_upstream == up) << tunnel.to_upstream.size();
  EXPECT_TRUE(tunnel.to_client == down) << tunnel.to_client.size();
  EXPECT_EQ(tunnel.result.from_client, up.size());
  EXPECT_EQ(tunnel.result.from_upstream, down.size());
}

TEST(Tunnel, SendsWhatWasReadBeforeFirst) {
  runtime::Reactor reactor;
  Tunnel tunnel;
  run(reactor, tunnel, " and late", "", "early");
  EXPECT_EQ(tunnel.to_upstream, "early and late");
  EXPECT_EQ(tunnel.result.from_client, 14U);
}

TEST(Tunnel, AResetEndsBothSides) {
  runtime::Reactor reactor;
  Tunnel tunnel;
  runtime::Scope scope;
  scope.spawn(relay(*tunnel.client.inner, *tunnel.upstream.inner, {}, tunnel.result));
  tunnel.upstream.outer->reset_on_close();
  tunnel.upstream.outer->close();
  while (scope.size() != 0) reactor.run_once(Duration::max());
  EXPECT_TRUE(tunnel.result.upstream_failed);
  tunnel.client.inner->close();
  char byte;
  Transfer got;
  while ((got = tunnel.client.outer->try_read({&byte, 1})).state == Transfer::State::kWouldBlock) {
    reactor.run_once(Duration::max());
  }
  EXPECT_EQ(got.state, Transfer::State::kFailed);
}

}  // namespace
}  // namespace ripstop::proxy
