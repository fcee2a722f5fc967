#include "net/http2/http2_connection.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/net_testing.h"
#include "runtime/wait.h"

namespace ripstop::net {
namespace {

using runtime::Reactor;
using runtime::Scope;
using runtime::Task;
using testing::run_all;
using testing::run_until;
using testing::settle;
using testing::soon;

FieldBlock request(std::string_view path, std::string_view method = "POST") {
  return {{":method", method}, {":scheme", "http"}, {":authority", "test"}, {":path", path}};
}

// Sends back what it gets, and the sum of it in a trailer.
Task<void> echo(Http2StreamPtr stream) {
  size_t total = 0;
  static_cast<void>(stream->write_head({{":status", "200"}, {"x-path", *stream->head().find(":path")}}));
  while (true) {
    const auto bytes = co_await stream->read_body(soon());
    if (!bytes) co_return;
    if (bytes->empty()) break;
    total += bytes->size();
    const std::string copy(*bytes);
    stream->consume(copy.size());
    if (!co_await stream->write_body(copy, soon())) co_return;
  }
  static_cast<void>(stream->end({{"x-total", std::to_string(total)}}));
}

struct Answer {
  int status = 0;
  std::string body;
  std::string total;
  std::optional<Error> error;
};

Task<void> send_body(Http2Stream& stream, std::string body) {
  if (co_await stream.write_body(body, soon())) static_cast<void>(stream.end());
}

Task<void> exchange(Http2Connection& connection, std::string body, Answer& answer) {
  auto stream = connection.open(request("/echo"), body.empty());
  if (!stream) {
    answer.error = stream.error();
    co_return;
  }
  Scope sending;
  if (!body.empty()) sending.spawn(send_body(**stream, std::move(body)));
  if (Status head = co_await (*stream)->read_head(soon()); !head) {
    answer.error = head.error();
    co_return;
  }
  answer.status = (*stream)->status();
  while (true) {
    const auto bytes = co_await (*stream)->read_body(soon());
    if (!bytes) {
      answer.error = bytes.error();
      co_return;
    }
    if (bytes->empty()) break;
    answer.body += *bytes;
    (*stream)->consume(bytes->size());
  }
  answer.total = (*stream)->trailers().find("x-total").value_or("");
}

std::string pattern(size_t size) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * 7 % 26);
  return text;
}

class Http2 : public ::testing::TestWithParam<bool> {
 protected:
  StreamPair streams() { return GetParam() ? testing::make_tcp_pair(reactor_) : make_memory_streams(); }
  Reactor reactor_;
};
INSTANTIATE_TEST_SUITE_P(Transports, Http2, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "Tcp" : "Memory"; });

TEST_P(Http2, CarriesARequestAndAResponseWithTrailers) {
  StreamPair pair = streams();
  auto server = Http2Connection::server(std::move(pair.second), echo);
  auto client = Http2Connection::client(std::move(pair.first));
  Answer answer;
  Scope scope;
  scope.spawn(exchange(*client, "hello", answer));
  ASSERT_TRUE(run_all(reactor_, scope));
  ASSERT_FALSE(answer.error) << answer.error->message;
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "hello");
  EXPECT_EQ(answer.total, "5");
}

TEST_P(Http2, CarriesBodiesManyTimesLargerThanEveryWindow) {
  StreamPair pair = streams();
  Http2Options small;
  small.stream_window = 70000;
  small.connection_window = 100000;
  auto server = Http2Connection::server(std::move(pair.second), echo, small);
  auto client = Http2Connection::client(std::move(pair.first), small);
  const std::string body = pattern(3'000'000);
  std::vector<Answer> answers(3);
  Scope scope;
  for (Answer& answer : answers) scope.spawn(exchange(*client, body, answer));
  ASSERT_TRUE(run_all(reactor_, scope));
  for (const Answer& answer : answers) {
    ASSERT_FALSE(answer.error) << answer.error->message;
    EXPECT_EQ(answer.body, body);
    EXPECT_EQ(answer.total, "3000000");
  }
}

TEST_P(Http2, RunsMoreRequestsThanThePeerTakesAtOnce) {
  StreamPair pair = streams();
  Http2Options few;
  few.max_streams = 10;
  auto server = Http2Connection::server(std::move(pair.second), echo, few);
  auto client = Http2Connection::client(std::move(pair.first));
  std::vector<Answer> answers(500);
  Scope scope;
  for (size_t i = 0; i < answers.size(); ++i) scope.spawn(exchange(*client, pattern(i), answers[i]));
  ASSERT_TRUE(run_all(reactor_, scope));
  for (size_t i = 0; i < answers.size(); ++i) {
    ASSERT_FALSE(answers[i].error) << i << ": " << answers[i].error->message;
    EXPECT_EQ(answers[i].body, pattern(i));
  }
  EXPECT_EQ(client->active_streams(), 0U);
  EXPECT_TRUE(client->can_open());
}

// Reads the head and then waits for the test's word before it reads the body.
Task<void> read_late(Http2StreamPtr stream, runtime::Event& go, std::string& got, std::optional<Error>& error) {
  co_await go.wait(soon());
  while (true) {
    const auto bytes = co_await stream->read_body(soon());
    if (!bytes) {
      error = bytes.error();
      co_return;
    }
    if (bytes->empty()) break;
    got += *bytes;
    stream->consume(bytes->size());
  }
  static_cast<void>(stream->write_head({{":status", "204"}}, true));
}

Task<void> send_counting(Http2Stream& stream, size_t total, size_t& sent) {
  const std::string piece(10'000, 'p');
  while (sent < total) {
    if (!co_await stream.write_body(piece, soon())) co_return;
    sent += piece.size();
  }
  static_cast<void>(stream.end());
}

TEST_P(Http2, ASlowReaderStopsItsPeerWithinTheWindows) {
  StreamPair pair = streams();
  Http2Options options;
  options.stream_window = 70'000;
  runtime::Event go;
  std::string got;
  std::optional<Error> error;
  auto server = Http2Connection::server(
      std::move(pair.second), [&](Http2StreamPtr stream) { return read_late(std::move(stream), go, got, error); },
      options);
  auto client = Http2Connection::client(std::move(pair.first));
  settle(reactor_);
  auto stream = client->open(request("/slow"), false);
  ASSERT_TRUE(stream);
  size_t sent = 0;
  Scope scope;
  scope.spawn(send_counting(**stream, 1'000'000, sent));
  settle(reactor_);
  // The window and the send buffer, no more.
  EXPECT_LE(sent, 70'000U + (64U << 10) + 10'000U);
  EXPECT_GE(sent, 70'000U);
  go.set();
  ASSERT_TRUE(run_all(reactor_, scope));
  ASSERT_TRUE(run_until(reactor_, [&] { return got.size() == 1'000'000; }));
  EXPECT_FALSE(error);
}

Task<void> stay(Http2StreamPtr stream, int& running) {
  struct Leave {
    int& running;
    ~Leave() { --running; }
  };
  ++running;
  const Leave leave{running};
  runtime::Event never;
  co_await never.wait();
}

TEST_P(Http2, ACutConnectionFailsEveryStreamAndCancelsEveryHandler) {
  StreamPair pair = streams();
  int running = 0;
  auto server = Http2Connection::server(std::move(pair.second),
                                        [&](Http2StreamPtr stream) { return stay(std::move(stream), running); });
  auto client = Http2Connection::client(std::move(pair.first));
  std::vector<Answer> answers(3);
  Scope scope;
  for (Answer& answer : answers) scope.spawn(exchange(*client, pattern(500'000), answer));
  settle(reactor_);
  EXPECT_EQ(running, 3);
  client = nullptr;
  ASSERT_TRUE(run_all(reactor_, scope));
  for (const Answer& answer : answers) ASSERT_TRUE(answer.error);
  ASSERT_TRUE(run_until(reactor_, [&] { return server->closed().is_set(); }));
  EXPECT_EQ(running, 0);
  EXPECT_EQ(server->failure()->code, ErrorCode::kReset);
}

TEST_P(Http2, TheServersEndMidwayIsAResetToTheClient) {
  StreamPair pair = streams();
  runtime::Event never;
  std::string got;
  std::optional<Error> ignored;
  auto server = Http2Connection::server(
      std::move(pair.second), [&](Http2StreamPtr stream) { return read_late(std::move(stream), never, got, ignored); });
  auto client = Http2Connection::client(std::move(pair.first));
  Answer answer;
  Scope scope;
  scope.spawn(exchange(*client, "x", answer));
  settle(reactor_);
  server = nullptr;
  ASSERT_TRUE(run_all(reactor_, scope));
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->code, ErrorCode::kReset);
  EXPECT_EQ(answer.error->retry, Retry::kNever);
  EXPECT_FALSE(client->can_open());
  EXPECT_FALSE(client->open(request("/"), true));
}

TEST_P(Http2, AServerOfAnotherProtocolIsToldFromABrokenOne) {
  constexpr std::string_view kOthers[] = {"HTTP/1.1 400 Bad Request\r\n\r\n", "<html>", "220 mail\r\n", "\x15\3\1\0\2"};
  for (const std::string_view said : kOthers) {
    StreamPair pair = streams();
    auto client = Http2Connection::client(std::move(pair.first));
    Answer answer;
    Scope scope;
    scope.spawn(exchange(*client, "x", answer));
    ASSERT_EQ(pair.second->try_write(said).bytes, said.size());
    ASSERT_TRUE(run_all(reactor_, scope));
    ASSERT_TRUE(client->failure());
    EXPECT_EQ(client->failure()->code, ErrorCode::kUnsupported);
    EXPECT_EQ(answer.error->code, ErrorCode::kUnsupported);
  }
  // A frame that is no SETTINGS breaks HTTP/2's rules, and only those.
  StreamPair pair = streams();
  auto client = Http2Connection::client(std::move(pair.first));
  constexpr std::string_view kPing("\0\0\x8\6\0\0\0\0\0abcdefgh", 17);
  ASSERT_EQ(pair.second->try_write(kPing).bytes, kPing.size());
  ASSERT_TRUE(run_until(reactor_, [&] { return client->closed().is_set(); }));
  EXPECT_EQ(client->failure()->code, ErrorCode::kParse);
}

TEST_P(Http2, AClientThatSaidGoodbyeMaySayMoreAndIsNotReset) {
  StreamPair pair = streams();
  auto server = Http2Connection::server(std::move(pair.second), echo);
  Stream& peer = *pair.first;
  const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + std::string("\0\0\0\4\0\0\0\0\0", 9);
  const std::string goodbye = std::string("\0\0\x8\7\0\0\0\0\0", 9) + std::string(8, '\0');
  ASSERT_EQ(peer.try_write(preface + goodbye).state, Transfer::State::kDone);
  Transfer got;
  ASSERT_TRUE(run_until(reactor_, [&] {
    char buffer[1000];
    got = peer.try_read(buffer);
    return got.state == Transfer::State::kEnd || got.state == Transfer::State::kFailed;
  }));
  EXPECT_EQ(got.state, Transfer::State::kEnd);
  ASSERT_EQ(peer.try_write(std::string_view("\0\0\x8\6\0\0\0\0\0abcdefgh", 17)).state, Transfer::State::kDone);
  settle(reactor_);
  EXPECT_FALSE(server->closed().is_set());
  char byte;
  EXPECT_EQ(peer.try_read({&byte, 1}).state, Transfer::State::kEnd) << "no reset";
  peer.close();
  ASSERT_TRUE(run_until(reactor_, [&] { return server->closed().is_set(); }));
  EXPECT_FALSE(server->failure());
}

TEST_P(Http2, AClientThatSaidGoodbyeAndStaysIsNotWaitedForLong) {
  StreamPair pair = streams();
  auto server = Http2Connection::server(std::move(pair.second), echo);
  const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + std::string("\0\0\0\4\0\0\0\0\0", 9);
  const std::string goodbye = std::string("\0\0\x8\7\0\0\0\0\0", 9) + std::string(8, '\0');
  ASSERT_EQ(pair.first->try_write(preface + goodbye).state, Transfer::State::kDone);
  ASSERT_TRUE(run_until(reactor_, [&] { return server->closed().is_set(); }));
  EXPECT_FALSE(server->failure());
}

TEST_P(Http2, DrainLetsOpenStreamsFinishAndRefusesNewOnes) {
  StreamPair pair = streams();
  runtime::Event go;
  std::string got;
  std::optional<Error> ignored;
  auto server = Http2Connection::server(
      std::move(pair.second), [&](Http2StreamPtr stream) { return read_late(std::move(stream), go, got, ignored); });
  auto client = Http2Connection::client(std::move(pair.first));
  Answer answer;
  Scope scope;
  scope.spawn(exchange(*client, "last words", answer));
  settle(reactor_);
  server->drain();
  settle(reactor_);
  EXPECT_TRUE(client->is_draining());
  EXPECT_FALSE(client->closed().is_set());
  const auto refused = client->open(request("/"), true);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().retry, Retry::kSafe);
  go.set();
  ASSERT_TRUE(run_all(reactor_, scope));
  EXPECT_FALSE(answer.error);
  EXPECT_EQ(answer.status, 204);
  ASSERT_TRUE(run_until(reactor_, [&] { return server->closed().is_set() && client->closed().is_set(); }));
  EXPECT_FALSE(server->failure());
  EXPECT_FALSE(client->failure());
}

TEST_P(Http2, DrainOfAnIdleConnectionEndsIt) {
  StreamPair pair = streams();
  auto server = Http2Connection::server(std::move(pair.second), echo);
  auto client = Http2Connection::client(std::move(pair.first));
  settle(reactor_);
  client->drain();
  ASSERT_TRUE(run_until(reactor_, [&] { return server->closed().is_set() && client->closed().is_set(); }));
  EXPECT_FALSE(client->failure());
  EXPECT_FALSE(server->failure());
}

Task<void> early_hints(Http2StreamPtr stream) {
  static_cast<void>(stream->write_head({{":status", "103"}, {"link", "a"}}));
  static_cast<void>(stream->write_head({{":status", "200"}}, true));
  co_return;
}

Task<void> collect_heads(Http2Connection& connection, std::vector<int>& statuses) {
  auto stream = connection.open(request("/", "GET"), true);
  while (co_await (*stream)->read_head(soon())) {
    statuses.push_back((*stream)->status());
    if (!(*stream)->is_interim()) break;
  }
  const auto body = co_await (*stream)->read_body(soon());
  EXPECT_TRUE(body && body->empty());
}

TEST_P(Http2, InterimHeadsComeBeforeTheFinalOne) {
  StreamPair pair = streams();
  auto server = Http2Connection::server(std::move(pair.second), early_hints);
  auto client = Http2Connection::client(std::move(pair.first));
  std::vector<int> statuses;
  Scope scope;
  scope.spawn(collect_heads(*client, statuses));
  ASSERT_TRUE(run_all(reactor_, scope));
  EXPECT_EQ(statuses, (std::vector<int>{103, 200}));
}

Task<void> hold(Http2StreamPtr stream, std::optional<Error>& seen) {
  static_cast<void>(stream->write_head({{":status", "200"}}));
  co_await stream->closed().wait(soon());
  seen = stream->failure();
}

TEST_P(Http2, LettingGoOfAStreamTellsThePeer) {
  StreamPair pair = streams();
  std::optional<Error> seen;
  auto server = Http2Connection::server(std::move(pair.second),
                                        [&](Http2StreamPtr stream) { return hold(std::move(stream), seen); });
  auto client = Http2Connection::client(std::move(pair.first));
  {
    auto stream = client->open(request("/"), false);
    settle(reactor_);
    EXPECT_EQ(server->active_streams(), 1U);
  }
  settle(reactor_);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->code, ErrorCode::kCancelled);
  EXPECT_EQ(server->active_streams(), 0U);
  EXPECT_EQ(client->active_streams(), 0U);
}

Task<void> destroy_when_answered(std::unique_ptr<Http2Connection>& connection, bool& done) {
  auto stream = connection->open(request("/", "GET"), true);
  EXPECT_TRUE(co_await (*stream)->read_head(soon()));
  connection = nullptr;
  EXPECT_FALSE(co_await (*stream)->write_body("x", soon()));
  done = true;
}

TEST_P(Http2, AConnectionMayBeDestroyedByTheCoroutineItWakes) {
  StreamPair pair = streams();
  auto server = Http2Connection::server(std::move(pair.second), echo);
  auto client = Http2Connection::client(std::move(pair.first));
  bool done = false;
  Scope scope;
  scope.spawn(destroy_when_answered(client, done));
  ASSERT_TRUE(run_all(reactor_, scope));
  settle(reactor_);
  EXPECT_TRUE(done);
}

TEST_P(Http2, KeepAliveEndsAConnectionWhosePeerIsSilent) {
  StreamPair pair = streams();
  Http2Options options;
  options.ping_interval = options.ping_timeout = std::chrono::milliseconds(10);
  options.ping_without_streams = true;
  auto client = Http2Connection::client(std::move(pair.first), options);
  ASSERT_TRUE(run_until(reactor_, [&] { return client->closed().is_set(); }));
  EXPECT_EQ(client->failure()->code, ErrorCode::kTimeout);
}

TEST_P(Http2, KeepAliveKeepsAConnectionWhosePeerAnswers) {
  StreamPair pair = streams();
  Http2Options options;
  options.ping_interval = std::chrono::milliseconds(2);
  options.ping_timeout = std::chrono::seconds(10);
  options.ping_without_streams = true;
  options.idle_timeout = std::chrono::milliseconds(60);
  auto server = Http2Connection::server(std::move(pair.second), echo);
  auto client = Http2Connection::client(std::move(pair.first), options);
  // Ends because it is idle, in order, after many rounds of PING.
  ASSERT_TRUE(run_until(reactor_, [&] { return client->closed().is_set(); }));
  EXPECT_FALSE(client->failure());
}

TEST_P(Http2, TheClientRefusesAHeadOverItsBudget) {
  StreamPair pair = streams();
  auto server = Http2Connection::server(std::move(pair.second), echo);
  Http2Options options;
  options.max_fields = 1;
  auto client = Http2Connection::client(std::move(pair.first), options);
  Answer answer;
  Scope scope;
  scope.spawn(exchange(*client, "x", answer));
  ASSERT_TRUE(run_all(reactor_, scope));
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->code, ErrorCode::kTooLarge);
  EXPECT_FALSE(client->closed().is_set());
}

}  // namespace
}  // namespace ripstop::net
