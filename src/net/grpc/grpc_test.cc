#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/grpc/grpc_channel.h"
#include "net/grpc/grpc_server.h"
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

Task<Result<std::string>> shout(GrpcServerCall& call, std::string request) {
  call.add_trailer("x-method", call.method());
  co_return request + "!";
}

Task<Result<std::string>> refuse(GrpcServerCall&, std::string) {
  co_return fail(ErrorCode::kPermissionDenied, "not for you: 100 % no");
}

// Answers every message twice, then ends.
Task<GrpcStatus> twice(GrpcServerCall& call) {
  while (true) {
    auto message = co_await call.read();
    if (!message) co_return to_grpc_status(message.error());
    if (!*message) co_return GrpcStatus{};
    for (int i = 0; i < 2; ++i) {
      if (Status sent = co_await call.write(**message); !sent) co_return to_grpc_status(sent.error());
    }
  }
}

struct Flag {
  bool* destroyed;
  ~Flag() { *destroyed = true; }
};

class Grpc : public ::testing::Test {
 protected:
  Grpc() {
    server_.add_unary("/test.Echo/Shout", shout);
    server_.add_unary("/test.Echo/Refuse", refuse);
    server_.add("/test.Echo/Twice", twice);
    server_.add("/test.Echo/Hang", [this](GrpcServerCall& call) { return hang(call, handler_destroyed_); });
  }
  static Task<GrpcStatus> hang(GrpcServerCall& call, bool& destroyed) {
    const Flag flag{&destroyed};
    static_cast<void>(co_await call.write("started"));
    runtime::Event never;
    co_await never.wait();
    co_return GrpcStatus{};
  }

  Task<Result<StreamPtr>> connect() {
    ++connects_;
    if (!is_up_) co_return fail(ErrorCode::kUnavailable, "nobody is listening");
    co_await runtime::sleep_for(std::chrono::milliseconds(1));
    StreamPair pair = make_memory_streams();
    serving_.spawn(server_.serve(std::move(pair.second)));
    co_return std::move(pair.first);
  }
  GrpcChannel::Connector connector() {
    return [this](TimePoint) { return connect(); };
  }

  static Task<Result<StreamPtr>> give(StreamPtr& stream) { co_return std::move(stream); }
  static Task<void> status_of(GrpcChannel& channel, std::string path, GrpcStatus& status) {
    auto call = co_await channel.open(std::move(path), {}, kNever);
    EXPECT_TRUE(call);
    EXPECT_FALSE(co_await (*call)->read(soon()));
    status = (*call)->status();
  }

  Reactor reactor_;
  GrpcServer server_;
  Scope serving_;
  Scope scope_;
  bool handler_destroyed_ = false;
  bool is_up_ = true;
  int connects_ = 0;
  GrpcChannel channel_{connector(), {.authority = "test"}};
};

Task<void> call_unary(GrpcChannel& channel, std::string method, std::string request, Result<std::string>& out,
                      TimePoint deadline = kNever) {
  out = co_await channel.unary(std::move(method), std::move(request), {}, deadline);
}

TEST_F(Grpc, AnswersUnaryCallsOverOneConnection) {
  std::vector<Result<std::string>> answers(200);
  for (size_t i = 0; i < answers.size(); ++i) {
    scope_.spawn(call_unary(channel_, "/test.Echo/Shout", std::string(i * 100, 'x'), answers[i]));
  }
  ASSERT_TRUE(run_all(reactor_, scope_));
  for (size_t i = 0; i < answers.size(); ++i) {
    ASSERT_TRUE(answers[i]) << answers[i].error().message;
    EXPECT_EQ(*answers[i], std::string(i * 100, 'x') + "!");
  }
  EXPECT_EQ(connects_, 1);
}

TEST_F(Grpc, CarriesStatusAndMessage) {
  Result<std::string> refused;
  Result<std::string> unknown;
  scope_.spawn(call_unary(channel_, "/test.Echo/Refuse", "x", refused));
  scope_.spawn(call_unary(channel_, "/test.Echo/Nothing", "x", unknown));
  ASSERT_TRUE(run_all(reactor_, scope_));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(refused.error().message, "PERMISSION_DENIED: not for you: 100 % no");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::kUnsupported);
}

Task<void> talk(GrpcChannel& channel, std::vector<std::string>& heard, GrpcStatus& status) {
  auto call = co_await channel.open("/test.Echo/Twice", {{"x-node", "a"}}, kNever);
  EXPECT_TRUE(call);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(co_await (*call)->write(std::to_string(i)));
    for (int j = 0; j < 2; ++j) heard.push_back(**co_await (*call)->read(soon()));
  }
  EXPECT_TRUE((*call)->close_send());
  const auto end = co_await (*call)->read(soon());
  EXPECT_TRUE(end && !*end);
  status = (*call)->status();
}

TEST_F(Grpc, StreamsBothWaysAndEndsWithOk) {
  std::vector<std::string> heard;
  GrpcStatus status{GrpcCode::kUnknown, ""};
  scope_.spawn(talk(channel_, heard, status));
  ASSERT_TRUE(run_all(reactor_, scope_));
  EXPECT_EQ(heard, (std::vector<std::string>{"0", "0", "1", "1", "2", "2"}));
  EXPECT_TRUE(status.is_ok());
}

Task<void> hang_then_drop(GrpcChannel& channel, runtime::Event& started, runtime::Event& drop) {
  auto call = co_await channel.open("/test.Echo/Hang", {}, kNever);
  const auto first = co_await (*call)->read(soon());
  EXPECT_TRUE(first && *first == "started");
  started.set();
  co_await drop.wait(soon());
}

TEST_F(Grpc, DroppingACallCancelsItsHandler) {
  runtime::Event started;
  runtime::Event drop;
  scope_.spawn(hang_then_drop(channel_, started, drop));
  ASSERT_TRUE(run_until(reactor_, [&] { return started.is_set(); }));
  EXPECT_FALSE(handler_destroyed_);
  drop.set();
  ASSERT_TRUE(run_until(reactor_, [&] { return handler_destroyed_; }));
  EXPECT_TRUE(channel_.is_connected());
}

TEST_F(Grpc, TheServerKeepsTheClientsDeadline) {
  Result<std::string> out;
  scope_.spawn(call_unary(channel_, "/test.Echo/Hang", "x", out, reactor_.now() + std::chrono::milliseconds(30)));
  ASSERT_TRUE(run_all(reactor_, scope_));
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, ErrorCode::kTimeout);
  EXPECT_TRUE(run_until(reactor_, [&] { return handler_destroyed_; }));
}

TEST_F(Grpc, MessagesOverTheBudgetAreRefusedOnEitherSide) {
  Result<std::string> to_server;
  scope_.spawn(call_unary(channel_, "/test.Echo/Shout", std::string(5'000'000, 'x'), to_server));
  ASSERT_TRUE(run_all(reactor_, scope_));
  ASSERT_FALSE(to_server);
  EXPECT_EQ(to_server.error().code, ErrorCode::kTooLarge) << to_server.error().message;

  GrpcChannel small(connector(), {.authority = "test", .max_message = 10});
  Result<std::string> to_client;
  scope_.spawn(call_unary(small, "/test.Echo/Shout", "0123456789", to_client));
  ASSERT_TRUE(run_all(reactor_, scope_));
  ASSERT_FALSE(to_client);
  EXPECT_EQ(to_client.error().code, ErrorCode::kTooLarge);
}

TEST_F(Grpc, SaysWhenNobodyListensAndConnectsOnceSomebodyDoes) {
  is_up_ = false;
  std::vector<Result<std::string>> answers(5);
  for (auto& answer : answers) scope_.spawn(call_unary(channel_, "/test.Echo/Shout", "x", answer));
  ASSERT_TRUE(run_all(reactor_, scope_));
  for (const auto& answer : answers) {
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
  }
  is_up_ = true;
  scope_.spawn(call_unary(channel_, "/test.Echo/Shout", "x", answers[0]));
  ASSERT_TRUE(run_all(reactor_, scope_));
  EXPECT_TRUE(answers[0]);
}

TEST_F(Grpc, ALostConnectionFailsItsCallsAndIsReplaced) {
  Result<std::string> hanging;
  scope_.spawn(call_unary(channel_, "/test.Echo/Hang", "x", hanging));
  settle(reactor_);
  ASSERT_TRUE(run_until(reactor_, [&] { return serving_.size() == 1; }));
  settle(reactor_);
  serving_.cancel();
  ASSERT_TRUE(run_all(reactor_, scope_));
  ASSERT_FALSE(hanging);
  EXPECT_EQ(to_grpc_status(hanging.error()).code, GrpcCode::kUnavailable) << hanging.error().message;
  Result<std::string> again;
  scope_.spawn(call_unary(channel_, "/test.Echo/Shout", "again", again));
  ASSERT_TRUE(run_all(reactor_, scope_));
  EXPECT_EQ(again.value_or(""), "again!");
  EXPECT_EQ(connects_, 2);
}

TEST_F(Grpc, DrainEndsConnectionsAfterTheirCalls) {
  Result<std::string> out;
  scope_.spawn(call_unary(channel_, "/test.Echo/Shout", "x", out));
  ASSERT_TRUE(run_all(reactor_, scope_));
  EXPECT_EQ(server_.connections(), 1U);
  server_.drain();
  ASSERT_TRUE(run_until(reactor_, [&] { return server_.connections() == 0; }));
  scope_.spawn(call_unary(channel_, "/test.Echo/Shout", "y", out));
  ASSERT_TRUE(run_all(reactor_, scope_));
  EXPECT_EQ(out.value_or(""), "y!");
  EXPECT_EQ(connects_, 2);
}

Task<void> plain_http(Http2StreamPtr stream) {
  const std::string path(*stream->head().find(":path"));
  FieldBlock head{{":status", path == "/503" ? "503" : "200"},
                  {"content-type", path == "/html" ? "text/html" : "application/grpc"}};
  const bool has_body = path == "/cut" || path == "/compressed";
  static_cast<void>(stream->write_head(head, !has_body));
  if (!has_body) co_return;
  const std::string body = path == "/cut" ? std::string("\0\0\0\0\x09half", 9) : std::string("\1\0\0\0\1x", 6);
  static_cast<void>(co_await stream->write_body(body, soon()));
  static_cast<void>(stream->end({{"grpc-status", "0"}}));
}

TEST_F(Grpc, AnswersThatAreNotGrpcAreToldApart) {
  const std::vector<std::pair<std::string, GrpcCode>> cases = {{"/503", GrpcCode::kUnavailable},
                                                               {"/html", GrpcCode::kUnknown},
                                                               {"/nostatus", GrpcCode::kInternal},
                                                               {"/cut", GrpcCode::kInternal},
                                                               {"/compressed", GrpcCode::kUnimplemented}};
  for (const auto& [path, code] : cases) {
    StreamPair pair = make_memory_streams();
    auto server = Http2Connection::server(std::move(pair.second), plain_http);
    GrpcChannel channel([&](TimePoint) { return give(pair.first); }, {.authority = "test"});
    GrpcStatus status;
    scope_.spawn(status_of(channel, path, status));
    ASSERT_TRUE(run_all(reactor_, scope_));
    EXPECT_EQ(status.code, code) << path << ": " << status.message;
  }
}

}  // namespace
}  // namespace ripstop::net
