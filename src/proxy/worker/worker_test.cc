#include "proxy/worker/worker.h"

#include <gtest/gtest.h>

#include "proxy/testing/one_worker.h"

namespace ripstop::proxy {
namespace {

using testing::OneWorker;
using testing::route_all_to;
using testing::ScriptedUpstream;

constexpr char kOk[] = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
constexpr char kFailed[] = "HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n";
constexpr char kGet[] = "GET /a HTTP/1.1\r\nhost: reviews:9080\r\n\r\n";
constexpr char kLastGet[] = "GET /a HTTP/1.1\r\nhost: reviews:9080\r\nconnection: close\r\n\r\n";

TEST(Splits, RetriesDoNotDisturbTheShares) {
  OneWorker one;
  ScriptedUpstream good;
  ScriptedUpstream flaky;
  good.steps.assign(6, {"\r\n\r\n", kOk});
  // Fails every first attempt.
  for (int i = 0; i < 2; ++i) {
    flaky.steps.push_back({"\r\n\r\n", kFailed, true});
    flaky.steps.push_back({"\r\n\r\n", kOk});
  }
  one.add_cluster("good", {good.address()});
  one.add_cluster("flaky", {flaky.address()});
  const SocketAddress listening = one.listen(route_all_to("good", [](model::Forward& forward) {
    forward.clusters[0].weight = 75;
    forward.clusters.push_back({.cluster = "flaky", .weight = 25});
    forward.retry.emplace();
    forward.retry->retries = 3;
    forward.retry->on = model::RetryOn::k5xx;
    forward.retry->base_interval = std::chrono::milliseconds(1);
  }));
  std::string requests;
  for (int i = 0; i < 7; ++i) requests += kGet;
  one.exchange(listening, requests + kLastGet);
  EXPECT_EQ(good.received.size(), 6U);
  EXPECT_EQ(flaky.received.size(), 4U) << "two requests, twice each";
}

TEST(Splits, ConnectionsOfATcpProxyAreSharedOutAsWell) {
  OneWorker one;
  ScriptedUpstream first;
  ScriptedUpstream second;
  first.steps.assign(8, {"ping", "pong", true});
  second.steps.assign(8, {"ping", "pong", true});
  one.add_cluster("first", {first.address()});
  one.add_cluster("second", {second.address()});
  model::TcpProxy tcp;
  tcp.clusters = {{.cluster = "first", .weight = 3}, {.cluster = "second", .weight = 1}};
  model::FilterChain chain;
  chain.filter = tcp;
  const SocketAddress listening = one.listen(std::move(chain));
  for (int i = 0; i < 8; ++i) EXPECT_EQ(one.exchange(listening, "ping"), "pong");
  EXPECT_EQ(first.connections, 6);
  EXPECT_EQ(second.connections, 2);
}

}  // namespace
}  // namespace ripstop::proxy
