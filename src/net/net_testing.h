// What the tests of this room share: running a reactor to the end of a test's tasks, and connected pairs of streams.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <utility>

#include "net/stream.h"
#include "runtime/reactor.h"
#include "runtime/scope.h"
#include "runtime/socket.h"
#include "runtime/task.h"

namespace ripstop::net::testing {

// Generous, so that only a hang reaches it.
inline constexpr auto kLimit = std::chrono::seconds(20);

// Runs until every task of `scope` is done; false after kLimit.
inline bool run_all(runtime::Reactor& reactor, runtime::Scope& scope) {
  const TimePoint limit = Clock::now() + kLimit;
  while (scope.size() != 0) {
    if (Clock::now() > limit) return false;
    reactor.run_once(std::chrono::milliseconds(5));
  }
  return true;
}

// Turns the reactor until `condition` holds; false after kLimit.
template <typename Condition>
bool run_until(runtime::Reactor& reactor, Condition condition) {
  const TimePoint limit = Clock::now() + kLimit;
  while (!condition()) {
    if (Clock::now() > limit) return false;
    reactor.run_once(std::chrono::milliseconds(5));
  }
  return true;
}

// Lets everything that is ready happen, without waiting for time to pass.
inline void settle(runtime::Reactor& reactor) {
  for (int i = 0; i < 50; ++i) reactor.run_once(Duration::zero());
}

inline TimePoint soon() {
  return runtime::Reactor::current().now() + kLimit;
}

// Two ends of a real TCP connection over loopback.
inline runtime::Task<void> connect_pair(StreamPair& pair) {
  auto acceptor = runtime::Acceptor::listen({SocketAddress{IpAddress::loopback_v4(), 0}, {}});
  auto client = co_await runtime::connect({*acceptor->local_address(), {}}, soon());
  auto server = co_await acceptor->accept(soon());
  pair.first = make_tcp_stream(std::move(*client));
  pair.second = make_tcp_stream(std::move(*runtime::Socket::adopt(std::move(*server))));
}

inline StreamPair make_tcp_pair(runtime::Reactor& reactor) {
  StreamPair pair;
  runtime::Scope scope;
  scope.spawn(connect_pair(pair));
  EXPECT_TRUE(run_all(reactor, scope));
  return pair;
}

}  // namespace ripstop::net::testing
