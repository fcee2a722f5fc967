// A WebSocket between a client and an upstream that speak different versions of HTTP, and the key that only one of them
// knows (RFC 6455 section 4, RFC 8441 section 5).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "net/websocket_accept.h"
#include "proxy/testing/http2_peers.h"

namespace ripstop::proxy {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::Http2Client;
using testing::Http2Upstream;
using ::testing::Not;
using testing::OneWorker;
using testing::route_all_to;
using ::testing::StartsWith;
using testing::turn_until;

constexpr std::string_view kAsk =
    "GET /chat HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
    "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

model::HttpConnection http_with_websocket() {
  model::HttpConnection http = route_all_to("reviews");
  http.upgrades = {"websocket"};
  return http;
}

std::string key_in(std::string_view head) {
  constexpr std::string_view kName = "sec-websocket-key: ";
  const size_t at = head.find(kName);
  if (at == std::string_view::npos) return {};
  head.remove_prefix(at + kName.size());
  return std::string(head.substr(0, head.find('\r')));
}

// Switches with `proof`, or with the right one where that is empty; says "hi", and answers "ping" with "pong".
runtime::Task<void> serve_websocket(runtime::Acceptor& listening, std::string proof, std::string& received) {
  auto fd = co_await listening.accept();
  const net::StreamPtr stream = net::make_tcp_stream(std::move(*runtime::Socket::adopt(std::move(*fd))));
  char buffer[4096];
  for (const std::string_view until : {"\r\n\r\n", "ping"}) {
    while (!received.ends_with(until)) {
      auto got = co_await net::read_some(*stream, buffer, kNever);
      if (!got || *got == 0) co_return;
      received.append(buffer, *got);
    }
    if (until == "ping") break;
    if (proof.empty()) proof = net::websocket_accept(key_in(received));
    co_await net::write_all(*stream,
                            "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
                            "sec-websocket-accept: " +
                                proof + "\r\n\r\nhi",
                            kNever);
  }
  co_await net::write_all(*stream, "pong", kNever);
}

class OverHttp2 : public ::testing::Test {
 protected:
  std::string ask(std::string proof, const net::FieldBlock& more = {}) {
    auto listening = *runtime::Acceptor::listen({SocketAddress{IpAddress::loopback_v4(), 0}, {}});
    one_.add_cluster("reviews", {*listening.local_address()});
    Http2Client client(one_, one_.listen(http_with_websocket()));
    net::FieldBlock head{{":method", "CONNECT"}, {":protocol", "websocket"}, {":scheme", "http"},
                         {":authority", "a"},    {":path", "/chat"},         {"sec-websocket-version", "13"}};
    head.add_all(more);
    auto stream = client.connection->open(head, false);
    EXPECT_TRUE(stream);
    std::string heard;
    runtime::Scope scope;
    scope.spawn(serve_websocket(listening, std::move(proof), received_));
    runtime::Scope talking;
    talking.spawn(testing::talk_through(**stream, heard));
    EXPECT_TRUE(turn_until(one_, [&talking] { return talking.size() == 0; }));
    answer_ = testing::text_of((*stream)->head());
    return heard;
  }

  OneWorker one_;
  std::string received_;
  std::string answer_;
};

TEST_F(OverHttp2, GetsAKeyOfOurOwnForAnHttp1Server) {
  EXPECT_EQ(ask(""), "200 hipong");
  EXPECT_THAT(received_, StartsWith("GET /chat HTTP/1.1\r\n"));
  EXPECT_THAT(received_, HasSubstr("connection: upgrade\r\nupgrade: websocket\r\n"));
  EXPECT_EQ(key_in(received_).size(), 24U);
  EXPECT_THAT(answer_, Not(HasSubstr("sec-websocket-accept")));
}

TEST_F(OverHttp2, CannotBringAKeyOfItsOwn) {
  EXPECT_EQ(ask("", {{"sec-websocket-key", "mine"}}), "200 hipong");
  EXPECT_THAT(received_, Not(HasSubstr("mine")));
}

TEST_F(OverHttp2, GoesToNoServerThatHasNotReadTheKey) {
  EXPECT_THAT(ask("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), StartsWith("502 "));
  EXPECT_EQ(one_.lines.at(0).failure, "switch_unproven");
}

class OverHttp1 : public ::testing::Test {
 protected:
  static runtime::Task<void> switch_and_echo(Http2Upstream& self, net::Http2StreamPtr stream) {
    self.heads.push_back(testing::text_of(stream->head()));
    static_cast<void>(stream->write_head({{":status", "200"}, {"sec-websocket-accept", "forged"}}));
    for (;;) {
      const auto bytes = co_await stream->read_body(kNever);
      if (!bytes || bytes->empty()) break;
      const std::string copy(*bytes);
      stream->consume(copy.size());
      co_await stream->write_body(copy, kNever);
    }
    static_cast<void>(stream->end());
  }
  static runtime::Task<void> refuse(Http2Upstream& self, net::Http2StreamPtr stream) {
    self.heads.push_back(testing::text_of(stream->head()));
    static_cast<void>(stream->write_head({{":status", "404"}}, true));
    co_return;
  }
  std::string ask(Http2Upstream& upstream, std::string_view request, std::string until = {}) {
    one_.add_cluster("reviews", {upstream.address()},
                     [](model::Cluster& cluster) { cluster.protocol = model::UpstreamProtocol::kHttp2; });
    return one_.exchange(one_.listen(http_with_websocket()), std::string(request), std::move(until));
  }
  static net::Http2Options with_connect() {
    net::Http2Options options;
    options.enable_connect_protocol = true;
    return options;
  }
  OneWorker one_;
};

TEST_F(OverHttp1, IsExtendedConnectToAnHttp2ServerAndProvedHere) {
  Http2Upstream upstream(switch_and_echo, with_connect());
  const std::string heard = ask(upstream, std::string(kAsk) + "ping", "ping");
  EXPECT_THAT(heard, StartsWith("HTTP/1.1 101 Switching Protocols\r\n"));
  EXPECT_THAT(heard, HasSubstr("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  EXPECT_THAT(heard, HasSubstr("connection: upgrade\r\nupgrade: websocket\r\n"));
  EXPECT_THAT(heard, Not(HasSubstr("forged")));
  EXPECT_THAT(heard, EndsWith("\r\n\r\nping"));
  ASSERT_EQ(upstream.heads.size(), 1U);
  EXPECT_THAT(upstream.heads[0], StartsWith(":method: CONNECT\n:protocol: websocket\n"));
  EXPECT_THAT(upstream.heads[0], Not(HasSubstr("sec-websocket-key")));
  EXPECT_THAT(upstream.heads[0], HasSubstr("sec-websocket-version: 13\n"));
}

TEST_F(OverHttp1, WaitsForTheServersSettingsTogetherWithOthers) {
  Http2Upstream upstream(switch_and_echo, with_connect());
  one_.add_cluster("reviews", {upstream.address()},
                   [](model::Cluster& cluster) { cluster.protocol = model::UpstreamProtocol::kHttp2; });
  const SocketAddress address = one_.listen(http_with_websocket());
  runtime::Scope scope;
  std::array<std::string, 5> heard;
  for (std::string& each : heard) scope.spawn(OneWorker::talk(address, std::string(kAsk) + "ping", "ping", each));
  EXPECT_TRUE(turn_until(one_, [&scope] { return scope.size() == 0; }));
  for (const std::string& each : heard) EXPECT_THAT(each, StartsWith("HTTP/1.1 101 "));
  EXPECT_EQ(upstream.connections.size(), 1U);
}

TEST_F(OverHttp1, IsRefusedWhereTheHttp2ServerTakesNoExtendedConnect) {
  Http2Upstream upstream(switch_and_echo);
  EXPECT_THAT(ask(upstream, kAsk), StartsWith("HTTP/1.1 403 "));
  EXPECT_EQ(upstream.streams, 0);
  EXPECT_EQ(one_.lines.at(0).details, "upgrade_failed");
}

TEST_F(OverHttp1, IsOverWithTheConnectionWhereItIsRefused) {
  Http2Upstream upstream(refuse, with_connect());
  // What the client sent in hope is not its next request.
  const std::string heard = ask(upstream, std::string(kAsk) + "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n");
  EXPECT_THAT(heard, StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(heard, HasSubstr("connection: close\r\n"));
  EXPECT_EQ(upstream.streams, 1);
}

}  // namespace
}  // namespace ripstop::proxy
