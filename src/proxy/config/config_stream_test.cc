#include "proxy/config/config_stream.h"

#include <gtest/gtest.h>

#include <optional>

#include "net/net_testing.h"
#include "runtime/scope.h"
#include "xds/encode.h"
#include "xds/testing/memory_server.h"

namespace ripstop::proxy {
namespace {

using net::testing::run_until;
using net::testing::settle;
namespace type = xds::type;

model::Cluster cluster_of(const std::string& name) {
  model::Cluster cluster;
  cluster.name = name;
  return cluster;
}

model::LoadAssignment endpoints_of(const std::string& cluster, uint16_t port) {
  model::LoadAssignment assignment;
  assignment.cluster = cluster;
  assignment.localities.emplace_back();
  assignment.localities[0].endpoints.push_back({.address = {IpAddress::loopback_v4(), port}});
  return assignment;
}

model::Listener listener_to(const std::string& cluster) {
  model::TcpProxy tcp;
  tcp.stat_prefix = cluster;
  tcp.clusters.push_back({.cluster = cluster});
  model::FilterChain chain;
  chain.filter = std::move(tcp);
  model::Listener listener;
  listener.name = "out";
  listener.address = {IpAddress::loopback_v4(), 15001};
  listener.filter_chains.push_back(std::move(chain));
  return listener;
}

model::Listener secured_listener() {
  model::Listener listener = listener_to("reviews");
  listener.filter_chains[0].tls.emplace();
  listener.filter_chains[0].tls->secrets = {.certificate = "default", .trusted_roots = "ROOTCA"};
  return listener;
}

class Following : public ::testing::Test {
 protected:
  ConfigStream::Options options() {
    ConfigStream::Options options;
    // An envoy.config.core.v3.Node whose id (field 1) is "n".
    options.client.node = "\x0a\x01n";
    options.client.connector = server_.connector();
    options.client.channel.authority = "xds";
    options.client.back_off = {.first = std::chrono::milliseconds(1), .longest = std::chrono::milliseconds(4)};
    options.local_secrets = {"default"};
    return options;
  }
  void start(ConfigStream::Options with) {
    stream_.emplace(std::move(with), store_, random_);
    scope_.spawn(stream_->run());
  }
  void serve_reviews() {
    server_.set(xds::encode(cluster_of("reviews")));
    server_.set(xds::encode(endpoints_of("reviews", 9080)));
    server_.set(xds::encode(listener_to("reviews")));
  }

  runtime::Reactor reactor_;
  Random random_{1};
  xds::testing::MemoryServer server_;
  SecretStore secrets_;
  int published_ = 0;
  ConfigStore store_{secrets_, [this](const std::shared_ptr<const SettingsDelta>& delta) {
                       if (!delta->is_empty()) ++published_;
                     }};
  std::optional<ConfigStream> stream_;
  runtime::Scope scope_;
};

TEST_F(Following, AsksForWhatTheConfigurationRefersToUntilItIsComplete) {
  serve_reviews();
  start(options());
  ASSERT_TRUE(run_until(reactor_, [this] { return store_.is_complete() && store_.listeners().contains("out"); }));
  EXPECT_EQ(store_.assignments().at("reviews")->localities[0].endpoints[0].address.port, 9080);
  ASSERT_TRUE(run_until(reactor_, [this] { return server_.is_acknowledged(type::kLoadAssignment); }));
  EXPECT_EQ(server_.status_of(type::kLoadAssignment)->subscriptions, 1U);
  EXPECT_TRUE(stream_->is_connected());
}

TEST_F(Following, AsksNoLongerForWhatNothingRefersTo) {
  serve_reviews();
  start(options());
  ASSERT_TRUE(run_until(reactor_, [this] { return server_.is_acknowledged(type::kLoadAssignment); }));
  server_.remove(type::kListener, "out");
  server_.remove(type::kCluster, "reviews");
  ASSERT_TRUE(run_until(reactor_, [this] { return server_.status_of(type::kLoadAssignment)->subscriptions == 0; }));
  EXPECT_TRUE(store_.clusters().empty());
}

TEST_F(Following, ARefusedUpdateIsAnsweredByASentenceAndLeavesTheLastGoodOneInForce) {
  serve_reviews();
  start(options());
  ASSERT_TRUE(run_until(reactor_, [this] { return store_.listeners().contains("out"); }));
  const ListenerRef before = store_.listeners().at("out");
  model::Listener wrong = listener_to("reviews");
  wrong.filter_chains.push_back(wrong.filter_chains[0]);  // two chains that take the same connections
  server_.set(xds::encode(wrong));
  ASSERT_TRUE(run_until(reactor_, [this] { return !server_.status_of(type::kListener)->refusal.empty(); }));
  EXPECT_NE(server_.status_of(type::kListener)->refusal.find("out"), std::string::npos);
  EXPECT_EQ(store_.listeners().at("out"), before);
}

TEST_F(Following, KeepsItsConfigurationWhileTheControlPlaneIsAwayAndThenTakesOnlyWhatChanged) {
  serve_reviews();
  start(options());
  ASSERT_TRUE(run_until(reactor_, [this] { return store_.is_complete() && store_.listeners().contains("out"); }));
  ASSERT_TRUE(run_until(reactor_, [this] { return server_.is_acknowledged(type::kListener); }));
  const int publishes = published_;
  const int attempts = server_.attempts;
  server_.is_up = false;
  server_.stop();
  ASSERT_TRUE(run_until(reactor_, [&] { return server_.attempts > attempts + 2; }));
  EXPECT_FALSE(stream_->is_connected());
  EXPECT_TRUE(store_.listeners().contains("out"));
  EXPECT_TRUE(store_.clusters().contains("reviews"));
  server_.set(xds::encode(endpoints_of("reviews", 9081)));
  server_.is_up = true;
  ASSERT_TRUE(run_until(reactor_, [&] { return published_ > publishes; }));
  settle(reactor_);
  EXPECT_EQ(published_, publishes + 1) << "what was in force already did not come again";
  EXPECT_EQ(store_.assignments().at("reviews")->localities[0].endpoints[0].address.port, 9081);
}

TEST_F(Following, DoesNotAskForTheSecretsThatItMakesItself) {
  server_.set(xds::encode(secured_listener()));
  start(options());
  ASSERT_TRUE(run_until(reactor_, [this] { return server_.status_of(type::kSecret) != nullptr; }));
  settle(reactor_);
  EXPECT_EQ(server_.status_of(type::kSecret)->subscriptions, 1U);
  EXPECT_TRUE(store_.wanted().secrets.contains("default"));
}

TEST_F(Following, AClusterThatNeverGetsEndpointsDoesNotHoldTheRestBackForEver) {
  server_.ignores = type::kLoadAssignment;
  server_.set(xds::encode(cluster_of("empty")));
  server_.set(xds::encode(listener_to("empty")));
  ConfigStream::Options impatient = options();
  impatient.patience = std::chrono::milliseconds(2);
  start(std::move(impatient));
  EXPECT_TRUE(run_until(reactor_, [this] { return store_.listeners().contains("out"); }));
}

}  // namespace
}  // namespace ripstop::proxy
