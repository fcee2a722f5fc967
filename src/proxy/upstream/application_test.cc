// The application behind an inbound listener, which starts after its proxy.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "proxy/testing/one_worker.h"
#include "runtime/socket_address.h"

namespace ripstop::proxy {
namespace {

using testing::OneWorker;
using testing::route_all_to;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

// A port that is taken, and refuses connections until somebody listens on it.
struct Port {
  Port() : fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    const runtime::KernelAddress any = runtime::to_kernel(SocketAddress{IpAddress::loopback_v4(), 0});
    EXPECT_EQ(::bind(fd.get(), any.get(), any.size), 0);
    runtime::KernelAddress bound;
    EXPECT_EQ(::getsockname(fd.get(), bound.get(), &bound.size), 0);
    address = *runtime::from_kernel(bound);
  }
  runtime::FileDescriptor fd;
  SocketAddress address;
};

runtime::Task<void> answer_one(runtime::Acceptor& listening) {
  auto fd = co_await listening.accept();
  const net::StreamPtr stream = net::make_tcp_stream(std::move(*runtime::Socket::adopt(std::move(*fd))));
  char buffer[4096];
  co_await net::read_some(*stream, buffer, kNever);
  co_await net::write_all(*stream, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", kNever);
}

TEST(Application, MayBeginToListenAMomentAfterItsProxyServes) {
  OneWorker one;
  Port port;
  one.add_cluster("app", {port.address}, [](model::Cluster& cluster) { cluster.is_application = true; });
  const SocketAddress address = one.listen(route_all_to("app"));
  std::string heard;
  runtime::Scope scope;
  scope.spawn(OneWorker::talk(address, std::string(kGet), "ok", heard));
  for (int turn = 0; turn < 20; ++turn) one.reactor.run_once(std::chrono::milliseconds(1));
  EXPECT_TRUE(heard.empty()) << heard;
  ASSERT_EQ(::listen(port.fd.get(), 8), 0);
  auto listening = *runtime::Acceptor::adopt(std::move(port.fd));
  scope.spawn(answer_one(listening));
  for (int turn = 0; turn < 1000 && scope.size() != 0; ++turn) one.reactor.run_once(std::chrono::milliseconds(5));
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 200 ")) << heard;
}

TEST(Application, ThatIsGoneIsNotWaitedFor) {
  OneWorker one;
  Port port;
  one.add_cluster("other", {port.address});
  EXPECT_TRUE(
      one.exchange(one.listen(route_all_to("other")), std::string(kGet), "headers").starts_with("HTTP/1.1 503 "));
  testing::ScriptedUpstream upstream;
  upstream.steps = {{"\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok", true}};
  one.add_cluster("app", {upstream.address()}, [](model::Cluster& cluster) { cluster.is_application = true; });
  const SocketAddress address = one.listen(route_all_to("app"));
  EXPECT_TRUE(one.exchange(address, std::string(kGet), "ok").starts_with("HTTP/1.1 200 "));
  upstream.scope.cancel();
  upstream.acceptor.close();
  const TimePoint begin = one.reactor.now();
  EXPECT_TRUE(one.exchange(address, std::string(kGet), "headers").starts_with("HTTP/1.1 503 "));
  EXPECT_LT(one.reactor.now() - begin, std::chrono::seconds(2));
}

}  // namespace
}  // namespace ripstop::proxy
