#include "xds/ads_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "envoy/config/core/v3/base.pb.h"
#include "net/grpc/grpc_server.h"
#include "net/net_testing.h"
#include "runtime/wait.h"
#include "xds/server_session.h"

namespace ripstop::xds {
namespace {

using net::GrpcServerCall;
using net::GrpcStatus;
using net::testing::run_until;
using runtime::Task;
using ::testing::ElementsAre;

std::string node() {
  envoy::config::core::v3::Node wire;
  wire.set_id("n");
  return wire.SerializeAsString();
}

// A control plane of one resource set, on streams in memory.
class Server {
 public:
  Server() {
    grpc_.add("/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources",
              [this](GrpcServerCall& call) { return serve(call); });
  }
  void set(const std::string& name, const std::string& version) {
    ServedType one = types_.empty() ? ServedType{} : *types_.begin()->second;
    one.version += "+";
    one.resources[name] = {version, std::make_shared<const std::string>(name), ""};
    types_[std::string(type::kCluster)] = std::make_shared<const ServedType>(std::move(one));
  }
  net::GrpcChannel::Connector connector() {
    return [this](TimePoint) { return connect(); };
  }
  // Ends every stream, as a server that stops does.
  void stop() { connections_.cancel(); }

  bool is_up = true;
  int attempts = 0;
  std::vector<ServerSession::TypeStatus> status;

 private:
  Task<Result<net::StreamPtr>> connect() {
    ++attempts;
    if (!is_up) co_return fail(ErrorCode::kUnavailable, "nobody is listening");
    net::StreamPair pair = net::make_memory_streams();
    connections_.spawn(grpc_.serve(std::move(pair.second)));
    co_return std::move(pair.first);
  }
  Task<GrpcStatus> serve(GrpcServerCall& call) {
    ServerSession session(ServerSession::Variant::kDelta);
    session.update(types_);
    while (true) {
      auto message = co_await call.read();
      if (!message) co_return net::to_grpc_status(message.error());
      if (!*message) co_return GrpcStatus{};
      if (Status received = session.receive(**message); !received) co_return net::to_grpc_status(received.error());
      status = session.status();
      for (std::string& response : session.take_responses()) {
        if (Status sent = co_await call.write(std::move(response)); !sent) co_return net::to_grpc_status(sent.error());
      }
    }
  }

  ServedSet types_;
  net::GrpcServer grpc_;
  runtime::Scope connections_;
};

class AdsClientTest : public ::testing::Test {
 protected:
  static AdsClient::Options quick() {
    return {.back_off = {.first = std::chrono::milliseconds(1), .longest = std::chrono::milliseconds(4)},
            .metadata = {}};
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
  Server server_;
  net::GrpcChannel channel_{server_.connector(), {.authority = "xds"}};
  std::vector<std::string> names_;
  std::string refusal_;
  AdsClient client_{channel_, node(), random_, [this](const Update& update) { on_update(update); }, quick()};
  runtime::Scope scope_;
};

TEST_F(AdsClientTest, GetsWhatItSubscribedToAndAcknowledgesIt) {
  server_.set("a", "v1");
  client_.subscribe_all(type::kCluster);
  scope_.spawn(client_.run());
  ASSERT_TRUE(run_until(reactor_, [&] { return !server_.status.empty() && server_.status[0].acked_version != ""; }));
  EXPECT_THAT(names_, ElementsAre("a@v1"));
  EXPECT_TRUE(client_.is_connected());
  EXPECT_EQ(client_.session().version(type::kCluster, "a"), "v1");
}

TEST_F(AdsClientTest, ARefusalReachesTheServerWithItsSentence) {
  server_.set("a", "v1");
  refusal_ = "Cluster.name is empty";
  client_.subscribe_all(type::kCluster);
  scope_.spawn(client_.run());
  ASSERT_TRUE(run_until(reactor_, [&] { return !server_.status.empty() && !server_.status[0].refusal.empty(); }));
  EXPECT_EQ(server_.status[0].refusal, "Cluster.name is empty");
}

TEST_F(AdsClientTest, ALaterSubscriptionIsSentWhileTheStreamIsIdle) {
  server_.set("a", "v1");
  scope_.spawn(client_.run());
  ASSERT_TRUE(run_until(reactor_, [&] { return client_.is_connected(); }));
  client_.subscribe(type::kCluster, "a");
  ASSERT_TRUE(run_until(reactor_, [&] { return !names_.empty(); }));
}

TEST_F(AdsClientTest, TriesAgainUntilTheServerIsThere) {
  server_.is_up = false;
  client_.subscribe_all(type::kCluster);
  scope_.spawn(client_.run());
  ASSERT_TRUE(run_until(reactor_, [&] { return server_.attempts >= 4; }));
  EXPECT_FALSE(client_.is_connected());
  EXPECT_NE(client_.last_failure(), "");
  server_.is_up = true;
  server_.set("a", "v1");
  ASSERT_TRUE(run_until(reactor_, [&] { return !names_.empty(); }));
}

TEST_F(AdsClientTest, KeepsWhatItHasAcrossALostStreamAndGetsOnlyWhatChanged) {
  server_.set("a", "v1");
  server_.set("b", "v1");
  client_.subscribe_all(type::kCluster);
  scope_.spawn(client_.run());
  ASSERT_TRUE(run_until(reactor_, [&] { return !server_.status.empty() && server_.status[0].acked_version != ""; }));
  server_.set("b", "v2");
  server_.stop();
  ASSERT_TRUE(run_until(reactor_, [&] { return names_.size() == 3; }));
  EXPECT_THAT(names_, ElementsAre("a@v1", "b@v1", "b@v2"));
  EXPECT_EQ(client_.session().version(type::kCluster, "a"), "v1");
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
