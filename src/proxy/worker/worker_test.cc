#include "proxy/worker/worker.h"

#include <gtest/gtest.h>

#include <utility>

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

// A client's connection that is open for as long as its test wants.
struct Client {
  Client(OneWorker& one, SocketAddress address) : worker(one) { scope.spawn(run(*this, address)); }

  void say(std::string text) {
    to_say += std::move(text);
    may_speak.set();
  }
  bool hears(const std::string& text) {
    return until([&] { return heard.find(text) != std::string::npos; });
  }
  bool is_closed() {
    return until([this] { return closed; });
  }
  template <typename Condition>
  bool until(Condition condition) {
    for (int turn = 0; turn < 2'000 && !condition(); ++turn) worker.reactor.run_once(std::chrono::milliseconds(5));
    return condition();
  }

  static runtime::Task<void> run(Client& self, SocketAddress address) {
    auto socket = co_await runtime::connect({address, {}}, kNever);
    self.stream = net::make_tcp_stream(std::move(*socket));
    self.scope.spawn(speak(self));
    char buffer[4096];
    for (;;) {
      auto got = co_await net::read_some(*self.stream, buffer, kNever);
      if (!got || *got == 0) break;
      self.heard.append(buffer, *got);
    }
    self.closed = true;
  }
  static runtime::Task<void> speak(Client& self) {
    for (;;) {
      co_await self.may_speak.wait();
      self.may_speak.clear();
      co_await net::write_all(*self.stream, std::exchange(self.to_say, {}), kNever);
    }
  }

  OneWorker& worker;
  net::StreamPtr stream;
  std::string to_say;
  runtime::Event may_speak;
  std::string heard;
  bool closed = false;
  runtime::Scope scope;  // last: its tasks use the rest
};

constexpr Duration kLong = std::chrono::hours(1);

model::FilterChain echo_chain(const std::string& cluster) {
  model::TcpProxy tcp;
  tcp.clusters = {{.cluster = cluster}};
  model::FilterChain chain;
  chain.filter = std::move(tcp);
  return chain;
}

// The worker's only listener, with something in its chain changed.
model::Listener changed_listener(const OneWorker& one) {
  model::Listener listener = *one.worker->listeners().all().begin()->second->model;
  auto& filter = listener.default_filter_chain->filter;
  if (auto* http = std::get_if<model::HttpConnection>(&filter)) http->server_name = "changed";
  if (auto* tcp = std::get_if<model::TcpProxy>(&filter)) tcp->stat_prefix = "changed";
  return listener;
}

SettingsDelta removal_of_all(const OneWorker& one) {
  SettingsDelta delta;
  for (const auto& [name, listener] : one.worker->listeners().all()) delta.removed_listeners.push_back(name);
  return delta;
}

TEST(Retiring, AnIdleConnectionOfAReplacedFilterChainMayStillBringARequest) {
  OneWorker one(kLong);
  ScriptedUpstream upstream;
  upstream.steps = {{"\r\n\r\n", kOk}, {"\r\n\r\n", kOk}};
  one.add_cluster("reviews", {upstream.address()});
  Client client(one, one.listen(route_all_to("reviews")));
  client.say(kGet);
  ASSERT_TRUE(client.hears("ok"));
  EXPECT_EQ(client.heard.find("connection: close"), std::string::npos);
  ASSERT_TRUE(one.store->add_listener(changed_listener(one)));
  client.heard.clear();
  client.say(kGet);
  EXPECT_TRUE(client.hears("ok"));
  EXPECT_NE(client.heard.find("connection: close"), std::string::npos) << client.heard;
  EXPECT_TRUE(client.is_closed());
}

TEST(Retiring, AnIdleConnectionIsClosedWhenTheDrainTimeIsOver) {
  OneWorker one(std::chrono::milliseconds(5));
  ScriptedUpstream upstream;
  upstream.steps = {{"\r\n\r\n", kOk}};
  one.add_cluster("reviews", {upstream.address()});
  Client client(one, one.listen(route_all_to("reviews")));
  client.say(kGet);
  ASSERT_TRUE(client.hears("ok"));
  ASSERT_TRUE(one.store->add_listener(changed_listener(one)));
  EXPECT_FALSE(client.closed) << "not before";
  EXPECT_TRUE(client.is_closed());
  EXPECT_EQ(one.lines.size(), 1U) << "there was no request to report";
}

TEST(Retiring, AConnectionWhoseListenerWasReplacedBeforeItSpokeIsServedOnce) {
  OneWorker one(kLong);
  ScriptedUpstream upstream;
  upstream.steps = {{"\r\n\r\n", kOk}};
  one.add_cluster("reviews", {upstream.address()});
  Client client(one, one.listen(route_all_to("reviews")));
  ASSERT_TRUE(client.until([&] { return one.worker->counters().connections.value() == 1; }));
  ASSERT_TRUE(one.store->add_listener(changed_listener(one)));
  client.say(kGet);
  EXPECT_TRUE(client.hears("ok"));
  EXPECT_TRUE(client.is_closed());
}

TEST(Draining, AWorkerThatDrainsClosesItsIdleConnectionsAtOnce) {
  OneWorker one(kLong);
  ScriptedUpstream upstream;
  upstream.steps = {{"\r\n\r\n", kOk}};
  one.add_cluster("reviews", {upstream.address()});
  Client client(one, one.listen(route_all_to("reviews")));
  client.say(kGet);
  ASSERT_TRUE(client.hears("ok"));
  one.worker->drain();
  EXPECT_TRUE(client.is_closed());
}

TEST(Retiring, ARequestInFlightEndsAndSaysThatItWasTheLast) {
  OneWorker one(kLong);
  ScriptedUpstream upstream;
  upstream.steps = {{"hello", kOk}};
  one.add_cluster("reviews", {upstream.address()});
  Client client(one, one.listen(route_all_to("reviews")));
  client.say("POST / HTTP/1.1\r\nhost: reviews\r\ncontent-length: 5\r\n\r\nhel");
  ASSERT_TRUE(client.until([&] { return upstream.connections == 1; }));
  one.worker->apply(removal_of_all(one));
  client.say("lo");
  EXPECT_TRUE(client.hears("ok"));
  EXPECT_NE(client.heard.find("connection: close"), std::string::npos) << client.heard;
  EXPECT_TRUE(client.is_closed());
}

TEST(Retiring, AConnectionWhoseFilterChainDoesNotChangeLivesOn) {
  OneWorker one(Duration::zero());
  ScriptedUpstream upstream;
  upstream.steps = {{"\r\n\r\n", kOk}, {"\r\n\r\n", kOk}};
  one.add_cluster("reviews", {upstream.address()});
  Client client(one, one.listen(route_all_to("reviews")));
  client.say(kGet);
  ASSERT_TRUE(client.hears("ok"));
  model::Listener same = *one.worker->listeners().all().begin()->second->model;
  same.filter_chains.push_back(echo_chain("elsewhere"));
  same.filter_chains.back().match.destination_port = 1;
  ASSERT_TRUE(one.store->add_listener(std::move(same)));
  client.heard.clear();
  client.say(kGet);
  EXPECT_TRUE(client.hears("ok"));
  EXPECT_FALSE(client.closed);
}

TEST(Retiring, AnOpaqueConnectionIsCutWhenTheDrainTimeIsOver) {
  OneWorker one(std::chrono::milliseconds(5));
  ScriptedUpstream upstream;
  upstream.steps = {{"ping", "pong"}};
  one.add_cluster("echo", {upstream.address()});
  Client client(one, one.listen(echo_chain("echo")));
  client.say("ping");
  ASSERT_TRUE(client.hears("pong"));
  ASSERT_TRUE(one.store->add_listener(changed_listener(one)));
  EXPECT_FALSE(client.closed) << "not before";
  EXPECT_TRUE(client.is_closed());
  ASSERT_EQ(one.lines.size(), 1U) << "and is reported";
  EXPECT_EQ(one.lines[0].response_bytes, 4U);
  EXPECT_EQ(one.worker->counters().connections.value(), 0);
}

TEST(Retiring, ARequestThatDoesNotEndIsCutWithItsConnectionAndReported) {
  OneWorker one(std::chrono::milliseconds(5));
  ScriptedUpstream upstream;
  upstream.steps = {{"more than it will get", ""}};
  one.add_cluster("reviews", {upstream.address()});
  Client client(one, one.listen(route_all_to("reviews")));
  client.say(kGet);
  ASSERT_TRUE(client.until([&] { return upstream.connections == 1; }));
  one.worker->apply(removal_of_all(one));
  EXPECT_TRUE(client.is_closed());
  ASSERT_EQ(one.lines.size(), 1U);
  EXPECT_EQ(one.lines[0].flag, ResponseFlag::kDownstreamTermination);
  EXPECT_EQ(one.worker->counters().requests.value(), 0);
}

TEST(Retiring, RoutesThatAreGoneAreStillThereForWhatIsBeingDrained) {
  OneWorker one(std::chrono::milliseconds(5));
  auto table = std::make_shared<model::RouteTable>();
  table->name = "9080";
  SettingsDelta delta;
  delta.routes = {*policy::CompiledRouteTable::compile(table)};
  one.worker->apply(delta);
  SettingsDelta removal;
  removal.removed_routes = {"9080"};
  one.worker->apply(removal);
  EXPECT_NE(one.worker->find_routes("9080"), nullptr);
  for (int turn = 0; turn < 2'000 && one.worker->find_routes("9080"); ++turn) {
    one.reactor.run_once(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(one.worker->find_routes("9080"), nullptr);
}

TEST(Retiring, RoutesThatComeBackInTimeStay) {
  OneWorker one(std::chrono::milliseconds(2));
  auto table = std::make_shared<model::RouteTable>();
  table->name = "9080";
  SettingsDelta first;
  first.routes = {*policy::CompiledRouteTable::compile(table)};
  SettingsDelta second;
  second.routes = {*policy::CompiledRouteTable::compile(table)};
  SettingsDelta removal;
  removal.removed_routes = {"9080"};
  one.worker->apply(first);
  one.worker->apply(removal);
  one.worker->apply(second);
  const TimePoint later = Clock::now() + std::chrono::milliseconds(10);
  while (Clock::now() < later) one.reactor.run_once(std::chrono::milliseconds(2));
  EXPECT_EQ(one.worker->find_routes("9080"), second.routes[0]);
}

TEST(GivingWay, TheSilentGoBeforeWhoeverHasSpokenHoweverLongAgo) {
  OneWorker one(std::chrono::seconds(5), 3);
  ScriptedUpstream upstream;
  upstream.steps.assign(3, {"\r\n\r\n", kOk});
  one.add_cluster("reviews", {upstream.address()});
  const SocketAddress address = one.listen(route_all_to("reviews"));
  Client first(one, address);
  first.say(kGet);
  ASSERT_TRUE(first.hears("ok"));
  std::deque<Client> silent;
  for (int i = 0; i < 10; ++i) {
    silent.emplace_back(one, address);
    ASSERT_TRUE(silent.back().until([&] { return one.worker->counters().connections_total.value() == 2U + i; }));
  }
  EXPECT_EQ(one.worker->counters().gave_way.value(), 8U);
  EXPECT_TRUE(silent[7].is_closed()) << "the eight that were silent for longest";
  EXPECT_FALSE(silent[8].closed);
  first.heard.clear();
  first.say(kGet);
  EXPECT_TRUE(first.hears("ok"));
}

TEST(GivingWay, AmongThoseWhoHaveSpokenTheOneThatWasIdleForLongestGoes) {
  OneWorker one(std::chrono::seconds(5), 2);
  ScriptedUpstream upstream;
  upstream.steps.assign(4, {"\r\n\r\n", kOk});
  one.add_cluster("reviews", {upstream.address()});
  const SocketAddress address = one.listen(route_all_to("reviews"));
  const auto ask = [](Client& client) {
    client.heard.clear();
    client.say(kGet);
    return client.hears("ok");
  };
  const auto pass_a_tick = [&one] {
    const TimePoint later = Clock::now() + std::chrono::milliseconds(3);
    while (Clock::now() < later) one.reactor.run_once(std::chrono::milliseconds(1));
  };
  Client first(one, address);
  ASSERT_TRUE(ask(first));
  Client second(one, address);
  ASSERT_TRUE(ask(second));
  pass_a_tick();
  ASSERT_TRUE(ask(first));
  Client third(one, address);
  ASSERT_TRUE(ask(third));
  EXPECT_TRUE(second.is_closed());
  EXPECT_FALSE(first.closed);
}

TEST(ChangedCluster, KeepsTheBreakerThatItsConnectionsCountAgainst) {
  OneWorker one;
  ScriptedUpstream upstream;
  upstream.steps.assign(1, {"\r\n\r\n", kOk});
  one.add_cluster("reviews", {upstream.address()});
  EXPECT_TRUE(one.exchange(one.listen(route_all_to("reviews")), kGet, "ok").starts_with("HTTP/1.1 200 "));
  for (int turn = 0; turn < 1000 && one.worker->find_cluster("reviews")->idle_count() == 0; ++turn) {
    one.reactor.run_once(std::chrono::milliseconds(5));
  }
  const std::weak_ptr<policy::Breaker> first = one.worker->find_cluster("reviews")->settings().breaker;
  one.add_cluster("reviews", {upstream.address()});
  ASSERT_FALSE(first.expired());
  EXPECT_EQ(first.lock()->in_use(policy::Resource::kConnections), 1U) << "an idle connection is a connection";
  one.add_cluster("reviews", {});
  EXPECT_TRUE(first.expired()) << "with the host its connections are gone";
}

TEST(TcpBytes, AreReportedWhileTheConnectionLivesAndOnceOnly) {
  OneWorker one;
  ScriptedUpstream upstream;
  upstream.steps = {{"ping", "pong!"}, {"more", "yes"}};
  one.add_cluster("echo", {upstream.address()});
  Client client(one, one.listen(echo_chain("echo")));
  client.say("ping");
  ASSERT_TRUE(client.hears("pong!"));
  using Reports = testing::RecordingTelemetry::TcpBytes;
  one.worker->tick();
  EXPECT_EQ(one.tcp_bytes, (Reports{{4, 5}}));
  one.worker->tick();
  EXPECT_EQ(one.tcp_bytes.size(), 1U) << "nothing happened meanwhile";
  client.say("more");
  ASSERT_TRUE(client.hears("yes"));
  client.stream->shutdown_write();
  ASSERT_TRUE(client.is_closed());
  EXPECT_EQ(one.tcp_bytes, (Reports{{4, 5}, {4, 3}})) << "the end reports what is left";
  ASSERT_EQ(one.lines.size(), 1U);
  EXPECT_EQ(one.lines[0].request_bytes, 8U) << "the access log has the whole";
}

}  // namespace
}  // namespace ripstop::proxy
