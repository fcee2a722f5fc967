#include <gtest/gtest.h>

#include <array>

#include "proxy/testing/one_worker.h"

namespace ripstop::proxy {
namespace {

using testing::OneWorker;
using testing::route_all_to;
using testing::ScriptedUpstream;

constexpr char kOk[] = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
constexpr char kGet[] = "GET /a HTTP/1.1\r\nhost: reviews:9080\r\n\r\n";
constexpr char kLastGet[] = "GET /a HTTP/1.1\r\nhost: reviews:9080\r\nconnection: close\r\n\r\n";

// Reads the request, waits, switches, and reads what the client sent meanwhile.
runtime::Task<void> slow_switch(runtime::Acceptor& listening, runtime::Event& has_asked, runtime::Event& may_answer,
                                std::string& received) {
  auto fd = co_await listening.accept();
  const net::StreamPtr stream = net::make_tcp_stream(std::move(*runtime::Socket::adopt(std::move(*fd))));
  char buffer[4096];
  while (!received.ends_with("\r\n\r\n")) {
    auto got = co_await net::read_some(*stream, buffer, kNever);
    if (!got || *got == 0) co_return;
    received.append(buffer, *got);
  }
  has_asked.set();
  co_await may_answer.wait();
  co_await net::write_all(
      *stream, "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n", kNever);
  while (!received.ends_with("two")) {
    auto got = co_await net::read_some(*stream, buffer, kNever);
    if (!got || *got == 0) co_return;
    received.append(buffer, *got);
  }
  co_await net::write_all(*stream, "bye", kNever);
}

// Sends the second piece once the first has been read.
runtime::Task<void> talk_in_two_pieces(SocketAddress address, std::array<std::string, 2> pieces,
                                       runtime::Event& first_is_read, runtime::Event& is_sent, std::string& heard) {
  auto socket = co_await runtime::connect({address, {}}, kNever);
  const net::StreamPtr stream = net::make_tcp_stream(std::move(*socket));
  co_await net::write_all(*stream, pieces[0], kNever);
  co_await first_is_read.wait();
  co_await net::write_all(*stream, pieces[1], kNever);
  is_sent.set();
  char buffer[4096];
  while (!heard.ends_with("bye")) {
    auto got = co_await net::read_some(*stream, buffer, kNever);
    if (!got || *got == 0) co_return;
    heard.append(buffer, *got);
  }
}

TEST(Exchange, ForwardsARequestAndItsAnswer) {
  OneWorker one;
  ScriptedUpstream upstream;
  upstream.steps = {{"\r\n\r\n", kOk}};
  one.add_cluster("reviews", {upstream.address()});
  const std::string answer = one.exchange(one.listen(route_all_to("reviews")), kLastGet);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\nok")) << answer;
  EXPECT_NE(answer.find("connection: close"), std::string::npos) << answer;
  ASSERT_EQ(upstream.received.size(), 1U);
  EXPECT_EQ(upstream.received[0], "GET /a HTTP/1.1\r\nhost: reviews:9080\r\nx-forwarded-proto: http\r\n\r\n");
  ASSERT_EQ(one.lines.size(), 1U);
  EXPECT_EQ(one.lines[0].status, 200);
  EXPECT_EQ(one.lines[0].response_bytes, 2U);
}

TEST(Exchange, ReusesBothConnections) {
  OneWorker one;
  ScriptedUpstream upstream;
  upstream.steps = {{"\r\n\r\n", kOk}, {"\r\n\r\n", kOk}};
  one.add_cluster("reviews", {upstream.address()});
  const std::string answer = one.exchange(one.listen(route_all_to("reviews")), std::string(kGet) + kLastGet);
  EXPECT_EQ(upstream.connections, 1);
  EXPECT_EQ(upstream.received.size(), 2U);
  EXPECT_EQ(one.lines.size(), 2U);
}

TEST(Exchange, CarriesChunkedContentBothWays) {
  OneWorker one;
  ScriptedUpstream upstream;
  upstream.steps = {
      {"0\r\n\r\n", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"}};
  one.add_cluster("reviews", {upstream.address()});
  const std::string answer = one.exchange(
      one.listen(route_all_to("reviews")),
      "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "0\r\n\r\n");
  EXPECT_NE(upstream.received.at(0).find("5\r\nhello\r\n0\r\n\r\n"), std::string::npos) << upstream.received[0];
  EXPECT_NE(answer.find("3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"), std::string::npos) << answer;
}

TEST(Exchange, AnswersWhatItCannotForward) {
  OneWorker one;
  one.add_cluster("empty", {});
  EXPECT_TRUE(one.exchange(one.listen(route_all_to("empty")), kLastGet).starts_with("HTTP/1.1 503 "));
  EXPECT_TRUE(one.exchange(one.listen(route_all_to("missing")), kLastGet).starts_with("HTTP/1.1 503 "));
  EXPECT_EQ(one.lines.at(0).flag, ResponseFlag::kNoHealthyUpstream);
  EXPECT_EQ(one.lines.at(1).flag, ResponseFlag::kNoClusterFound);
  const std::string bad = one.exchange(one.listen(route_all_to("empty")), "GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(bad.starts_with("HTTP/1.1 400 ")) << bad;
  EXPECT_EQ(one.lines.at(2).details, "host_missing");
}

TEST(Exchange, RetriesOnAnotherHostWithTheWholeBody) {
  OneWorker one;
  ScriptedUpstream upstream;
  upstream.steps = {{"hello", "HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n", true}, {"hello", kOk}};
  one.add_cluster("reviews", {upstream.address()});
  const auto http = route_all_to("reviews", [](model::Forward& forward) {
    forward.retry.emplace();
    forward.retry->retries = 2;
    forward.retry->on = model::RetryOn::k5xx;
    forward.retry->base_interval = std::chrono::milliseconds(1);
  });
  const std::string answer =
      one.exchange(one.listen(http), "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello", "ok");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
  EXPECT_EQ(one.lines.at(0).attempts, 2U);
}

TEST(Exchange, ReplacesAPooledConnectionThatTheUpstreamClosed) {
  OneWorker one;
  ScriptedUpstream upstream;
  upstream.steps = {{"\r\n\r\n", kOk, true}, {"\r\n\r\n", kOk}};
  one.add_cluster("reviews", {upstream.address()});
  const SocketAddress address = one.listen(route_all_to("reviews"));
  one.exchange(address, kGet, "ok");
  EXPECT_TRUE(one.exchange(address, kGet, "ok").starts_with("HTTP/1.1 200 "));
  EXPECT_EQ(upstream.connections, 2);
}

TEST(Exchange, GivesUpAtTheRoutesTimeOut) {
  OneWorker one;
  ScriptedUpstream upstream;
  upstream.steps = {{"never", ""}};
  one.add_cluster("reviews", {upstream.address()});
  const auto http =
      route_all_to("reviews", [](model::Forward& forward) { forward.timeout = std::chrono::milliseconds(20); });
  EXPECT_TRUE(one.exchange(one.listen(http), kLastGet).starts_with("HTTP/1.1 504 "));
  EXPECT_EQ(one.lines.at(0).flag, ResponseFlag::kUpstreamTimeout);
}

TEST(Exchange, RelaysAWebSocketUntilBothSidesEnd) {
  OneWorker one;
  ScriptedUpstream upstream;
  upstream.steps = {
      {"\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nhi"},
      {"ping", "pong", true}};
  one.add_cluster("reviews", {upstream.address()});
  auto http = route_all_to("reviews");
  http.upgrades = {"websocket"};
  const std::string answer = one.exchange(
      one.listen(http), "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nping");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 ")) << answer;
  EXPECT_TRUE(answer.ends_with("hipong")) << answer;
}

TEST(Exchange, HidesAnUpstreamThatBreaksTheRules) {
  OneWorker one;
  ScriptedUpstream upstream;
  upstream.steps = {{"\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n"}};
  one.add_cluster("reviews", {upstream.address()});
  EXPECT_TRUE(one.exchange(one.listen(route_all_to("reviews")), kLastGet).starts_with("HTTP/1.1 502 "));
  EXPECT_EQ(one.lines.at(0).flag, ResponseFlag::kUpstreamProtocolError);
}

TEST(Exchange, CarriesWhatTheClientSentBeforeTheSwitchInOrder) {
  OneWorker one;
  runtime::Event has_asked;
  runtime::Event is_sent;
  runtime::Event may_answer;
  auto listening = *runtime::Acceptor::listen({SocketAddress{IpAddress::loopback_v4(), 0}, {}});
  std::string received;
  one.add_cluster("reviews", {*listening.local_address()});
  auto http = route_all_to("reviews");
  http.upgrades = {"websocket"};
  const SocketAddress address = one.listen(std::move(http));
  runtime::Scope scope;
  std::string heard;
  scope.spawn(slow_switch(listening, has_asked, may_answer, received));
  scope.spawn(talk_in_two_pieces(
      address, {"GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\none ", "two"}, has_asked,
      is_sent, heard));
  for (int turn = 0; turn < 1000 && !is_sent.is_set(); ++turn) one.reactor.run_once(std::chrono::milliseconds(5));
  // Loopback hands over what was sent before the next turn begins, so the proxy has read it by then.
  for (int turn = 0; turn < 3; ++turn) one.reactor.run_once(Duration::zero());
  may_answer.set();
  for (int turn = 0; turn < 1000 && scope.size() != 0; ++turn) one.reactor.run_once(std::chrono::milliseconds(5));
  EXPECT_EQ(scope.size(), 0U);
  EXPECT_TRUE(received.ends_with("one two")) << received;
  EXPECT_TRUE(heard.ends_with("bye")) << heard;
}

TEST(Exchange, CountsTheBytesOfARequestOnceHoweverOftenItIsSent) {
  OneWorker one;
  ScriptedUpstream upstream;
  upstream.steps = {{"hello", "HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n", true}, {"hello", kOk}};
  one.add_cluster("reviews", {upstream.address()});
  const auto http = route_all_to("reviews", [](model::Forward& forward) {
    forward.retry.emplace();
    forward.retry->retries = 1;
    forward.retry->on = model::RetryOn::k5xx;
    forward.retry->base_interval = std::chrono::milliseconds(1);
  });
  one.exchange(one.listen(http), "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello", "ok");
  EXPECT_EQ(one.lines.at(0).request_bytes, 5U);
}

TEST(Exchange, TellsAClientThatStallsInsideItsContent) {
  OneWorker one;
  ScriptedUpstream upstream;
  upstream.steps = {{"never", ""}};
  one.add_cluster("reviews", {upstream.address()});
  auto http = route_all_to("reviews");
  http.stream_idle_timeout = std::chrono::milliseconds(20);
  const std::string answer =
      one.exchange(one.listen(std::move(http)), "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhe");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 408 ")) << answer;
  EXPECT_EQ(one.lines.at(0).flag, ResponseFlag::kStreamIdleTimeout);
}

// Two requests at once where one connection is allowed: the second waits for the first.
TEST(Exchange, WaitsForAConnectionWhereTheLimitIsReached) {
  OneWorker one;
  ScriptedUpstream upstream;
  upstream.steps = {{"\r\n\r\n", kOk}, {"\r\n\r\n", kOk}, {"\r\n\r\n", kOk}};
  one.add_cluster("reviews", {upstream.address()},
                  [](model::Cluster& cluster) { cluster.breaker.max_connections = 1; });
  const SocketAddress address = one.listen(route_all_to("reviews"));
  runtime::Scope scope;
  std::string heard[3];
  for (std::string& each : heard) scope.spawn(OneWorker::talk(address, kGet, "ok", each));
  for (int turn = 0; turn < 1000 && scope.size() != 0; ++turn) one.reactor.run_once(std::chrono::milliseconds(5));
  EXPECT_EQ(scope.size(), 0U);
  for (const std::string& each : heard) EXPECT_TRUE(each.starts_with("HTTP/1.1 200 ")) << each;
  EXPECT_EQ(upstream.connections, 1);
}

// The limit is shared with other workers, whose idle connections this one cannot use.
TEST(Exchange, OpensAFirstConnectionEvenWhenOthersHoldThemAll) {
  OneWorker one;
  ScriptedUpstream upstream;
  upstream.steps = {{"\r\n\r\n", kOk}};
  one.add_cluster("reviews", {upstream.address()},
                  [](model::Cluster& cluster) { cluster.breaker.max_connections = 1; });
  const SocketAddress address = one.listen(route_all_to("reviews"));
  const auto others = one.worker->find_cluster("reviews")->settings().breaker->acquire(policy::Resource::kConnections);
  ASSERT_TRUE(others);
  EXPECT_TRUE(one.exchange(address, kGet, "ok").starts_with("HTTP/1.1 200 "));
}

TEST(TcpProxy, CarriesBytesBothWays) {
  OneWorker one;
  ScriptedUpstream upstream;
  upstream.steps = {{"ping", "pong", true}};
  one.add_cluster("echo", {upstream.address()});
  model::FilterChain chain;
  model::TcpProxy tcp;
  tcp.clusters.push_back({.cluster = "echo"});
  chain.filter = tcp;
  EXPECT_EQ(one.exchange(one.listen(std::move(chain)), "ping"), "pong");
  for (int turn = 0; turn < 100 && one.lines.empty(); ++turn) one.reactor.run_once(std::chrono::milliseconds(1));
  EXPECT_EQ(one.lines.at(0).response_bytes, 4U);
}

}  // namespace
}  // namespace ripstop::proxy
