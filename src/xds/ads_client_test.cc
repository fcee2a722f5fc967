#include "xds/ads_client.h"

#include <gmock/gmock.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/wrappers.pb.h>
#include <gtest/gtest.h>

#include <deque>

#include "envoy/config/core/v3/address.pb.h"
#include "envoy/config/core/v3/base.pb.h"
#include "envoy/service/discovery/v3/discovery.pb.h"
#include "net/net_testing.h"
#include "xds/testing/memory_server.h"

namespace ripstop::xds {
namespace {

namespace discovery = envoy::service::discovery::v3;
using net::testing::run_until;
using net::testing::settle;
using runtime::Task;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

std::string node() {
  envoy::config::core::v3::Node wire;
  wire.set_id("n");
  return wire.SerializeAsString();
}

Resource cluster(const std::string& name, const std::string& version) {
  return {.type_url = std::string(type::kCluster), .name = name, .body = name, .version = version};
}

class AdsClientTest : public ::testing::Test {
 protected:
  AdsClient::Options options() {
    AdsClient::Options options;
    options.node = node();
    options.connector = server_.connector();
    options.channel.authority = "xds";
    options.back_off = {.first = std::chrono::milliseconds(1), .longest = std::chrono::milliseconds(4)};
    return options;
  }
  void on_update(const Update& update) {
    for (const Update::Item& item : update.resources) names_.push_back(item.name + "@" + item.version);
    if (refusal_.empty()) {
      client_.accept(update);
    } else {
      client_.reject(update, refusal_);
    }
  }

  runtime::Reactor reactor_;
  Random random_{1};
  testing::MemoryServer server_;
  std::vector<std::string> names_;
  std::string refusal_;
  AdsClient client_{options(), random_, [this](const Update& update) { on_update(update); }};
  runtime::Scope scope_;
};

TEST_F(AdsClientTest, GetsWhatItSubscribedToAndAcknowledgesIt) {
  server_.set(cluster("a", "v1"));
  client_.subscribe_all(type::kCluster);
  scope_.spawn(client_.run());
  ASSERT_TRUE(run_until(reactor_, [&] { return server_.is_acknowledged(type::kCluster); }));
  EXPECT_THAT(names_, ElementsAre("a@v1"));
  EXPECT_TRUE(client_.is_connected());
  EXPECT_EQ(client_.session().version(type::kCluster, "a"), "v1");
}

TEST_F(AdsClientTest, ARefusalReachesTheServerWithItsSentence) {
  server_.set(cluster("a", "v1"));
  refusal_ = "Cluster.name is empty";
  client_.subscribe_all(type::kCluster);
  scope_.spawn(client_.run());
  ASSERT_TRUE(run_until(reactor_, [&] { return !server_.status.empty() && !server_.status[0].refusal.empty(); }));
  EXPECT_EQ(server_.status[0].refusal, "Cluster.name is empty");
}

TEST_F(AdsClientTest, ALaterSubscriptionIsSentWhileTheStreamIsIdle) {
  server_.set(cluster("a", "v1"));
  scope_.spawn(client_.run());
  settle(reactor_);
  EXPECT_EQ(server_.attempts, 1);
  EXPECT_FALSE(client_.is_connected()) << "the server has not said anything";
  client_.subscribe(type::kCluster, "a");
  ASSERT_TRUE(run_until(reactor_, [&] { return !names_.empty(); }));
  EXPECT_TRUE(client_.is_connected());
}

TEST_F(AdsClientTest, TriesAgainUntilTheServerIsThere) {
  server_.is_up = false;
  client_.subscribe_all(type::kCluster);
  scope_.spawn(client_.run());
  ASSERT_TRUE(run_until(reactor_, [&] { return server_.attempts >= 4; }));
  EXPECT_FALSE(client_.is_connected());
  EXPECT_NE(client_.last_failure(), "");
  server_.is_up = true;
  server_.set(cluster("a", "v1"));
  ASSERT_TRUE(run_until(reactor_, [&] { return !names_.empty(); }));
}

TEST_F(AdsClientTest, KeepsWhatItHasAcrossALostStreamAndGetsOnlyWhatChanged) {
  server_.set(cluster("a", "v1"));
  server_.set(cluster("b", "v1"));
  client_.subscribe_all(type::kCluster);
  scope_.spawn(client_.run());
  ASSERT_TRUE(run_until(reactor_, [&] { return server_.is_acknowledged(type::kCluster); }));
  server_.set(cluster("b", "v2"));
  server_.stop();
  ASSERT_TRUE(run_until(reactor_, [&] { return names_.size() == 3; }));
  EXPECT_THAT(names_, ElementsAre("a@v1", "b@v1", "b@v2"));
  EXPECT_EQ(client_.session().version(type::kCluster, "a"), "v1");
}

// A server that does only what its test says, and keeps what it hears.
class ScriptedServer {
 public:
  ScriptedServer() {
    grpc_.add("/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources",
              [this](net::GrpcServerCall& call) { return serve(call); });
  }
  net::GrpcChannel::Connector connector() {
    return [this](TimePoint) { return connect(); };
  }
  void send(const discovery::DeltaDiscoveryResponse& response) { send_bytes(response.SerializeAsString()); }
  void send_bytes(std::string bytes) {
    outgoing_.push_back(std::move(bytes));
    has_outgoing_.set();
  }
  void stop() {
    connections_.cancel();
    outgoing_.clear();
  }

  bool is_up = true;
  std::vector<TimePoint> attempts;
  std::deque<discovery::DeltaDiscoveryRequest> heard;

 private:
  Task<Result<net::StreamPtr>> connect() {
    attempts.push_back(runtime::Reactor::current().now());
    if (!is_up) co_return fail(ErrorCode::kUnavailable, "nobody is listening");
    net::StreamPair pair = net::make_memory_streams();
    connections_.spawn(grpc_.serve(std::move(pair.second)));
    co_return std::move(pair.first);
  }
  static Task<void> wait_for(runtime::Event& event) { co_await event.wait(); }
  Task<net::GrpcStatus> serve(net::GrpcServerCall& call) {
    while (true) {
      has_outgoing_.clear();
      while (!outgoing_.empty()) {
        std::string bytes = std::move(outgoing_.front());
        outgoing_.pop_front();
        if (Status sent = co_await call.write(std::move(bytes)); !sent) co_return net::to_grpc_status(sent.error());
      }
      auto first = co_await runtime::race(call.read(), wait_for(has_outgoing_));
      if (first.index() == 1) continue;
      const auto& message = std::get<0>(first);
      if (!message || !*message) co_return net::GrpcStatus{};
      EXPECT_TRUE(heard.emplace_back().ParseFromString(**message));
    }
  }

  std::deque<std::string> outgoing_;
  runtime::Event has_outgoing_;
  net::GrpcServer grpc_;
  runtime::Scope connections_;
};

discovery::DeltaDiscoveryResponse response(std::string_view type_url, const std::string& nonce,
                                           const std::vector<std::pair<std::string, std::string>>& resources) {
  discovery::DeltaDiscoveryResponse made;
  made.set_type_url(std::string(type_url));
  made.set_nonce(nonce);
  for (const auto& [name, version] : resources) {
    auto* resource = made.add_resources();
    resource->set_name(name);
    resource->set_version(version);
    resource->mutable_resource()->set_type_url(std::string(type_url));
    resource->mutable_resource()->set_value("body of " + name);
  }
  return made;
}

class ScriptedStream : public ::testing::Test {
 protected:
  AdsClient::Options options() {
    AdsClient::Options options;
    options.node = node();
    options.connector = server_.connector();
    options.channel.authority = "xds";
    options.back_off = {
        .first = std::chrono::milliseconds(4), .longest = std::chrono::milliseconds(16), .growth = 2, .jitter = 0};
    return options;
  }
  void judge(const Update& update) {
    ++updates_;
    const bool is_bad = !update.resources.empty() && update.resources[0].name == "bad";
    is_bad ? client_.reject(update, "bad: name the port that it listens on") : client_.accept(update);
  }
  // The next request, waited for.
  discovery::DeltaDiscoveryRequest hear() {
    EXPECT_TRUE(run_until(reactor_, [this] { return !server_.heard.empty(); })) << "the client says nothing";
    if (server_.heard.empty()) return {};
    discovery::DeltaDiscoveryRequest first = std::move(server_.heard.front());
    server_.heard.pop_front();
    return first;
  }

  runtime::Reactor reactor_;
  Random random_{1};
  ScriptedServer server_;
  int updates_ = 0;
  AdsClient client_{options(), random_, [this](const Update& update) { judge(update); }};
  runtime::Scope scope_;
};

TEST_F(ScriptedStream, BeginsWithTheNodeOnceAndAsksForWhatOthersReferToFirst) {
  client_.subscribe(type::kSecret, "ROOTCA");
  client_.subscribe(type::kRouteTable, "9080");
  client_.subscribe_all(type::kListener);
  client_.subscribe(type::kLoadAssignment, "reviews");
  client_.subscribe_all(type::kCluster);
  scope_.spawn(client_.run());
  const auto clusters = hear();
  EXPECT_EQ(clusters.type_url(), type::kCluster);
  EXPECT_EQ(clusters.node().id(), "n");
  EXPECT_THAT(clusters.resource_names_subscribe(), IsEmpty()) << "everything, as older servers understand it";
  for (const std::string_view next : {type::kLoadAssignment, type::kListener, type::kRouteTable, type::kSecret}) {
    const auto request = hear();
    EXPECT_EQ(request.type_url(), next);
    EXPECT_FALSE(request.has_node());
    EXPECT_THAT(request.response_nonce(), IsEmpty());
  }
  settle(reactor_);
  EXPECT_THAT(server_.heard, IsEmpty());
}

TEST_F(ScriptedStream, AcknowledgesByTheNonceAndNothingElse) {
  client_.subscribe_all(type::kCluster);
  scope_.spawn(client_.run());
  hear();
  server_.send(response(type::kCluster, "first", {{"a", "1"}}));
  const auto ack = hear();
  EXPECT_EQ(ack.type_url(), type::kCluster);
  EXPECT_EQ(ack.response_nonce(), "first");
  EXPECT_FALSE(ack.has_error_detail());
  EXPECT_THAT(ack.resource_names_subscribe(), IsEmpty());
  EXPECT_THAT(ack.initial_resource_versions(), IsEmpty());
}

TEST_F(ScriptedStream, RefusesWithTheSentenceAndKeepsWhatWasThere) {
  client_.subscribe_all(type::kListener);
  scope_.spawn(client_.run());
  hear();
  server_.send(response(type::kListener, "good", {{"bad-later", "1"}}));
  hear();
  server_.send(response(type::kListener, "wrong", {{"bad", "1"}, {"bad-later", "2"}}));
  const auto nack = hear();
  EXPECT_EQ(nack.response_nonce(), "wrong");
  EXPECT_EQ(nack.error_detail().message(), "bad: name the port that it listens on");
  EXPECT_EQ(client_.session().version(type::kListener, "bad-later"), "1");
  EXPECT_EQ(client_.session().version(type::kListener, "bad"), "");
}

TEST_F(ScriptedStream, ComesBackWithTheVersionsOfAllThatIsInForce) {
  client_.subscribe_all(type::kCluster);
  client_.subscribe(type::kLoadAssignment, "a");
  scope_.spawn(client_.run());
  hear();
  hear();
  server_.send(response(type::kCluster, "1", {{"a", "1"}, {"b", "7"}}));
  hear();
  server_.send(response(type::kLoadAssignment, "2", {{"a", "3"}}));
  hear();
  auto gone = response(type::kCluster, "3", {});
  gone.add_removed_resources("b");
  server_.send(gone);
  hear();
  server_.stop();

  const auto clusters = hear();
  EXPECT_EQ(clusters.node().id(), "n") << "a stream of its own";
  EXPECT_THAT(clusters.initial_resource_versions(), UnorderedElementsAre(Pair("a", "1")));
  EXPECT_EQ(clusters.response_nonce(), "");
  const auto assignments = hear();
  EXPECT_THAT(assignments.initial_resource_versions(), UnorderedElementsAre(Pair("a", "3")));
  EXPECT_THAT(assignments.resource_names_subscribe(), ElementsAre("a"));
  EXPECT_EQ(updates_, 3) << "nothing was taken back meanwhile";
}

TEST_F(ScriptedStream, WaitsLongerAfterEveryFailureUpToItsLimit) {
  server_.is_up = false;
  scope_.spawn(client_.run());
  ASSERT_TRUE(run_until(reactor_, [this] { return server_.attempts.size() >= 6; }));
  const auto& at = server_.attempts;
  for (const auto& [index, least] : {std::pair(1, 4), {2, 8}, {3, 16}, {4, 16}, {5, 16}}) {
    const auto next = static_cast<size_t>(index);
    EXPECT_GE(at[next] - at[next - 1], std::chrono::milliseconds(least)) << "before attempt " << index;
  }
}

TEST_F(ScriptedStream, AServerThatSpeaksNonsenseIsLeftAndTriedAgain) {
  client_.subscribe_all(type::kCluster);
  scope_.spawn(client_.run());
  hear();
  server_.send_bytes("\xff\xff no message of this protocol");
  EXPECT_EQ(hear().node().id(), "n");
  EXPECT_EQ(server_.attempts.size(), 2U);
  EXPECT_NE(client_.last_failure(), "");
}

TEST(BackOff, GrowsByItsFactorUpToTheLongestAndStartsAnewAfterSuccess) {
  BackOff back_off({.jitter = 0});
  Random random(1);
  const auto next = [&] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(back_off.next(random)).count();
  };
  for (const int expected : {1000, 1600, 2560, 4096, 6553, 10485, 16777, 26843, 30000, 30000}) {
    EXPECT_EQ(next(), expected);
  }
  back_off.reset();
  EXPECT_EQ(next(), 1000);
}

TEST(BackOff, JitterStaysWithinItsShareAndUsesIt) {
  Random random(2);
  Duration least = Duration::max();
  Duration most{};
  for (int i = 0; i < 1000; ++i) {
    BackOff back_off({});
    const Duration delay = back_off.next(random);
    least = std::min(least, delay);
    most = std::max(most, delay);
  }
  EXPECT_GE(least, std::chrono::milliseconds(800));
  EXPECT_LE(most, std::chrono::milliseconds(1200));
  EXPECT_LT(least, std::chrono::milliseconds(820));
  EXPECT_GT(most, std::chrono::milliseconds(1180));
}

}  // namespace
}  // namespace ripstop::xds
