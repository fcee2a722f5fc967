#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/grpc_channel.h"
#include "net/grpc_server.h"
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

}  // namespace
}  // namespace ripstop::net
