#include "proxy/listener/inspection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <utility>

#include "net/net_testing.h"
#include "net/tls/tls_context.h"

namespace ripstop::proxy {
namespace {

using net::testing::run_until;
using net::testing::settle;
using State = Inspection::State;

// Bytes that have come without the loop having noticed: nothing to read at first, and no event that tells of more.
class UnnoticedStream final : public net::Stream {
 public:
  explicit UnnoticedStream(net::StreamPtr below) : below_(std::move(below)) {}
  net::Transfer try_read(std::span<char> into) override {
    if (!std::exchange(was_asked_, true)) return {net::Transfer::State::kWouldBlock, 0, 0};
    return below_->try_read(into);
  }
  net::Transfer try_writev(std::span<const iovec> pieces) override { return below_->try_writev(pieces); }
  runtime::Event& readable() override { return never_; }
  runtime::Event& writable() override { return below_->writable(); }
  void shutdown_write() override { below_->shutdown_write(); }
  void reset_on_close() override { below_->reset_on_close(); }
  void close() override { below_->close(); }
  [[nodiscard]] bool has_hung_up() const override { return below_->has_hung_up(); }
  [[nodiscard]] SocketAddress local_address() const override { return below_->local_address(); }
  [[nodiscard]] SocketAddress peer_address() const override { return below_->peer_address(); }
  [[nodiscard]] std::string failure() const override { return below_->failure(); }

 private:
  net::StreamPtr below_;
  bool was_asked_ = false;
  runtime::Event never_;
};

class Inspecting : public ::testing::Test {
 protected:
  Inspecting() {
    listener_.inspect_tls = true;
    listener_.inspect_http = true;
    listener_.inspect_timeout = std::chrono::hours(1);
  }

  static runtime::Task<void> keep(runtime::Task<Inspection> inspection, std::optional<Inspection>& into) {
    into = co_await std::move(inspection);
  }
  void start() { scope_.spawn(keep(inspect(*pair_.second, listener_), seen_)); }
  // In segments of `size` bytes, each seen before the next is sent.
  void send(std::string_view bytes, size_t size) {
    for (; !bytes.empty() && !seen_; bytes.remove_prefix(std::min(size, bytes.size()))) {
      EXPECT_EQ(pair_.first->try_write(bytes.substr(0, size)).state, net::Transfer::State::kDone);
      for (int turn = 0; turn < 3; ++turn) reactor_.run_once(Duration::zero());
    }
  }
  Inspection result() {
    EXPECT_TRUE(run_until(reactor_, [this] { return seen_.has_value(); })) << "the inspection does not end";
    return seen_.value_or(Inspection{});
  }
  // A real client's first flight.
  std::string client_hello(const std::string& name) {
    auto context = net::TlsContext::make_client({.alpn = {"istio-peer-exchange", "istio"}});
    net::StreamPair pair = net::make_memory_streams();
    runtime::Scope client;
    client.spawn(handshake(std::move(pair.first), *context, name));
    settle(reactor_);
    char buffer[4096];
    const net::Transfer got = pair.second->try_read(buffer);
    return {buffer, got.bytes};
  }
  static runtime::Task<void> handshake(net::StreamPtr below, std::shared_ptr<const net::TlsContext> context,
                                       std::string name) {
    auto never = co_await net::connect_tls(std::move(below), std::move(context), {.sni = std::move(name)}, kNever);
    EXPECT_FALSE(never);
  }

  runtime::Reactor reactor_;
  model::Listener listener_;
  net::StreamPair pair_ = net::make_memory_streams();
  std::optional<Inspection> seen_;
  runtime::Scope scope_;
};

TEST_F(Inspecting, ReadsAClientHelloHoweverItIsCut) {
  const std::string hello = client_hello("reviews.default");
  ASSERT_GT(hello.size(), 100U);
  for (const size_t size : {size_t{1}, size_t{7}, size_t{100}, hello.size()}) {
    pair_ = net::make_memory_streams();
    seen_.reset();
    start();
    send(hello, size);
    const Inspection seen = result();
    EXPECT_EQ(seen.state, State::kDone);
    EXPECT_TRUE(seen.is_tls) << "in segments of " << size;
    EXPECT_EQ(seen.hello.server_name, "reviews.default");
    EXPECT_THAT(seen.hello.alpn, ::testing::ElementsAre("istio-peer-exchange", "istio"));
    EXPECT_EQ(seen.received, hello) << "the handshake needs all of it";
  }
}

TEST_F(Inspecting, TellsHttpFromItsFirstBytesHoweverTheyAreCut) {
  const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  for (const auto& [bytes, protocol] : {std::pair{std::string("GET / HTTP/1.1\r\n"), protocol::Detected::kHttp1},
                                        std::pair{preface, protocol::Detected::kHttp2},
                                        std::pair{std::string("*1\r\n$4\r\nPING\r\n"), protocol::Detected::kOpaque}}) {
    for (const size_t size : {size_t{1}, size_t{5}, bytes.size()}) {
      pair_ = net::make_memory_streams();
      seen_.reset();
      start();
      send(bytes, size);
      const Inspection seen = result();
      EXPECT_EQ(seen.state, State::kDone);
      EXPECT_EQ(seen.protocol, protocol) << bytes;
      EXPECT_FALSE(seen.is_tls);
      EXPECT_TRUE(bytes.starts_with(seen.received));
    }
  }
}

TEST_F(Inspecting, AClientThatWaitsForTheServerToSpeakIsTimedOutWithNothing) {
  listener_.inspect_timeout = std::chrono::milliseconds(1);
  start();
  const Inspection seen = result();
  EXPECT_EQ(seen.state, State::kTimedOut);
  EXPECT_TRUE(seen.received.empty());
}

TEST_F(Inspecting, LooksOnceMoreBeforeItTakesAClientForSilent) {
  listener_.inspect_timeout = std::chrono::milliseconds(1);
  pair_.second = std::make_unique<UnnoticedStream>(std::move(pair_.second));
  start();
  EXPECT_EQ(pair_.first->try_write("GET / HTTP/1.1\r\n").state, net::Transfer::State::kDone);
  const Inspection seen = result();
  EXPECT_EQ(seen.state, State::kDone);
  EXPECT_EQ(seen.protocol, protocol::Detected::kHttp1);
}

TEST_F(Inspecting, AClientThatHasBegunToSpeakGetsTheTimeToFinish) {
  listener_.inspect_timeout = std::chrono::milliseconds(1);
  start();
  send("GE", 2);
  // Well past the time that a silent client has.
  const TimePoint later = Clock::now() + std::chrono::milliseconds(5);
  ASSERT_TRUE(run_until(reactor_, [later] { return Clock::now() > later; }));
  EXPECT_FALSE(seen_);
  send("T / HTTP/1.1\r\n", 100);
  EXPECT_EQ(result().protocol, protocol::Detected::kHttp1);
}

TEST_F(Inspecting, WhatAClientSentBeforeItEndedIsOpaque) {
  start();
  send("\x16\x03", 2);
  pair_.first->shutdown_write();
  const Inspection seen = result();
  EXPECT_EQ(seen.state, State::kDone);
  EXPECT_FALSE(seen.is_tls);
  EXPECT_EQ(seen.protocol, protocol::Detected::kOpaque);
  EXPECT_EQ(seen.received, "\x16\x03");
}

TEST_F(Inspecting, AClientThatEndsWithoutAWordIsClosed) {
  start();
  pair_.first->shutdown_write();
  EXPECT_EQ(result().state, State::kClosed);
}

TEST_F(Inspecting, AClientHelloThatIsNoneIsMalformed) {
  start();
  // A record of a handshake message that is longer than any ClientHello may be.
  send(std::string("\x16\x03\x01\x00\x04\x01\xff\xff\xff", 9), 9);
  EXPECT_EQ(result().state, State::kMalformed);
}

}  // namespace
}  // namespace ripstop::proxy
