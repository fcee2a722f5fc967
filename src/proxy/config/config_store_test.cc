#include "proxy/config/config_store.h"

#include <gtest/gtest.h>

#include "xds/encode.h"

namespace ripstop::proxy {
namespace {

model::Cluster eds_cluster(const std::string& name) {
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

model::RouteTable table_of(const std::string& name, const std::string& cluster) {
  model::Forward forward;
  forward.clusters.push_back({.cluster = cluster});
  model::Route route;
  route.action = std::move(forward);
  model::VirtualHost host;
  host.name = "all";
  host.domains = {"*"};
  host.routes.push_back(std::move(route));
  model::RouteTable table;
  table.name = name;
  table.virtual_hosts.push_back(std::move(host));
  return table;
}

model::Listener listener_of(const std::string& name, const std::string& table) {
  model::HttpConnection http;
  http.stat_prefix = "test";
  http.route_table_name = table;
  model::FilterChain chain;
  chain.filter = std::move(http);
  model::Listener listener;
  listener.name = name;
  listener.address = {IpAddress::loopback_v4(), 15001};
  listener.filter_chains.push_back(std::move(chain));
  return listener;
}

template <typename... Models>
xds::Update update_of(std::string_view type, const Models&... models) {
  xds::Update update;
  update.type_url = type;
  const auto add = [&update](const xds::Resource& resource) {
    update.resources.push_back({resource.name, resource.version, resource.body});
  };
  (add(xds::encode(models)), ...);
  return update;
}

xds::Update removal_of(std::string_view type, const std::string& name) {
  xds::Update update;
  update.type_url = type;
  update.removed = {name};
  return update;
}

class Config : public ::testing::Test {
 protected:
  // What the workers were told by this update.
  SettingsDelta take(const xds::Update& update) {
    last_ = {};
    const Status taken = store_.take(update);
    EXPECT_TRUE(taken) << taken.error().message;
    return last_;
  }

  SecretStore secrets_;
  SettingsDelta last_;
  int published_ = 0;
  ConfigStore store_{secrets_, [this](const std::shared_ptr<const SettingsDelta>& delta) {
                       last_ = *delta;
                       ++published_;
                     }};
};

TEST_F(Config, HoldsAClusterBackUntilItHasEndpoints) {
  EXPECT_TRUE(take(update_of(xds::type::kCluster, eds_cluster("reviews"))).is_empty());
  EXPECT_TRUE(store_.is_waiting());
  EXPECT_EQ(store_.wanted().assignments, std::set<std::string>{"reviews"});
  EXPECT_EQ(published_, 1) << "whoever looks for endpoints is told";
  const SettingsDelta both = take(update_of(xds::type::kLoadAssignment, endpoints_of("reviews", 9080)));
  ASSERT_EQ(both.clusters.size(), 1U);
  ASSERT_EQ(both.assignments.size(), 1U) << "in the same change, so that no request meets a cluster without hosts";
  EXPECT_FALSE(store_.is_waiting());
  const SettingsDelta later = take(update_of(xds::type::kLoadAssignment, endpoints_of("reviews", 9081)));
  EXPECT_TRUE(later.clusters.empty());
  EXPECT_EQ(later.assignments.at(0)->localities[0].endpoints[0].address.port, 9081);
}

TEST_F(Config, KeepsTheOldClusterUntilTheNewOneIsWarm) {
  take(update_of(xds::type::kCluster, eds_cluster("reviews")));
  take(update_of(xds::type::kLoadAssignment, endpoints_of("reviews", 9080)));
  model::Cluster changed = eds_cluster("reviews");
  changed.eds_name = "elsewhere";
  EXPECT_TRUE(take(update_of(xds::type::kCluster, changed)).is_empty());
  EXPECT_TRUE(store_.clusters().at("reviews")->model->eds_name.empty());
  const SettingsDelta swap = take(update_of(xds::type::kLoadAssignment, endpoints_of("elsewhere", 9082)));
  EXPECT_EQ(swap.clusters.at(0)->model->eds_name, "elsewhere");
  EXPECT_EQ(swap.assignments.at(0)->cluster, "reviews") << "by the cluster's name";
}

TEST_F(Config, HoldsAListenerBackUntilItsRoutesAndAllClustersAreThere) {
  take(update_of(xds::type::kCluster, eds_cluster("reviews")));
  EXPECT_TRUE(take(update_of(xds::type::kListener, listener_of("out", "9080"))).is_empty());
  EXPECT_EQ(store_.wanted().routes, std::set<std::string>{"9080"});
  const SettingsDelta routes = take(update_of(xds::type::kRouteTable, table_of("9080", "reviews")));
  EXPECT_EQ(routes.routes.size(), 1U);
  EXPECT_TRUE(routes.listeners.empty());
  const SettingsDelta all = take(update_of(xds::type::kLoadAssignment, endpoints_of("reviews", 9080)));
  EXPECT_EQ(all.clusters.size(), 1U);
  EXPECT_EQ(all.listeners.size(), 1U);
  EXPECT_TRUE(store_.is_complete());
}

TEST_F(Config, ARefusedUpdateChangesNothing) {
  take(update_of(xds::type::kCluster, eds_cluster("reviews")));
  take(update_of(xds::type::kLoadAssignment, endpoints_of("reviews", 9080)));
  take(update_of(xds::type::kListener, listener_of("out", "9080")));
  take(update_of(xds::type::kRouteTable, table_of("9080", "reviews")));
  const ListenerRef before = store_.listeners().at("out");
  const int publishes = published_;

  xds::Update half = update_of(xds::type::kCluster, eds_cluster("good"));
  half.resources.push_back({"bad", "1", "\xff\xff not a cluster"});
  const Status refused = store_.take(half);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("bad"), std::string::npos) << refused.error().message;
  model::RouteTable wrong = table_of("9080", "reviews");
  wrong.virtual_hosts[0].routes[0].match.path = {model::MatchKind::kRegex, "("};
  EXPECT_FALSE(store_.take(update_of(xds::type::kRouteTable, table_of("other", "reviews"), wrong)));
  xds::Update unknown;
  unknown.type_url = "type.googleapis.com/never.asked.For";
  EXPECT_FALSE(store_.take(unknown));

  EXPECT_EQ(published_, publishes);
  EXPECT_FALSE(store_.is_waiting()) << "the good half is not taken either";
  EXPECT_EQ(store_.routes().size(), 1U);
  EXPECT_EQ(store_.listeners().at("out"), before);
}

TEST_F(Config, RemovesWhatIsGone) {
  take(update_of(xds::type::kCluster, eds_cluster("reviews")));
  take(update_of(xds::type::kLoadAssignment, endpoints_of("reviews", 9080)));
  take(update_of(xds::type::kListener, listener_of("out", "9080")));
  take(update_of(xds::type::kRouteTable, table_of("9080", "reviews")));
  EXPECT_EQ(take(removal_of(xds::type::kListener, "out")).removed_listeners, std::vector<std::string>{"out"});
  EXPECT_EQ(take(removal_of(xds::type::kCluster, "reviews")).removed_clusters, std::vector<std::string>{"reviews"});
  EXPECT_TRUE(store_.wanted().assignments.empty());
  EXPECT_TRUE(take(removal_of(xds::type::kCluster, "never")).is_empty());
  // Endpoints from before its removal are not believed when it comes back.
  EXPECT_TRUE(take(update_of(xds::type::kCluster, eds_cluster("reviews"))).is_empty());
  EXPECT_TRUE(store_.is_waiting());
}

TEST_F(Config, DropsARouteTableOnceNoListenerRefersToIt) {
  take(update_of(xds::type::kListener, listener_of("out", "9080")));
  take(update_of(xds::type::kRouteTable, table_of("9080", "reviews")));
  // The old table stays while the listener that needs another one is waiting for it.
  EXPECT_TRUE(take(update_of(xds::type::kListener, listener_of("out", "9443"))).is_empty());
  EXPECT_EQ(store_.wanted().routes, (std::set<std::string>{"9080", "9443"}));
  EXPECT_TRUE(store_.routes().contains("9080"));
  const SettingsDelta swap = take(update_of(xds::type::kRouteTable, table_of("9443", "reviews")));
  EXPECT_EQ(swap.listeners.size(), 1U);
  EXPECT_EQ(swap.removed_routes, std::vector<std::string>{"9080"});
  EXPECT_EQ(store_.wanted().routes, std::set<std::string>{"9443"});
  EXPECT_FALSE(store_.routes().contains("9080"));
  EXPECT_EQ(take(removal_of(xds::type::kListener, "out")).removed_routes, std::vector<std::string>{"9443"});
  EXPECT_TRUE(take(update_of(xds::type::kRouteTable, table_of("late", "reviews"))).is_empty())
      << "that crossed the wire with its unsubscription";
}

TEST_F(Config, EmptiesAClusterWhoseEndpointsAreRemoved) {
  take(update_of(xds::type::kCluster, eds_cluster("reviews")));
  take(update_of(xds::type::kLoadAssignment, endpoints_of("reviews", 9080)));
  EXPECT_TRUE(take(removal_of(xds::type::kLoadAssignment, "reviews")).assignments.at(0)->localities.empty());
}

TEST_F(Config, LosesPatienceOnlyWithWhatHasWaited) {
  take(update_of(xds::type::kCluster, eds_cluster("old")));
  const uint64_t then = store_.generation();
  take(update_of(xds::type::kCluster, eds_cluster("older")));
  take(update_of(xds::type::kCluster, eds_cluster("young")));
  last_ = {};
  store_.give_up_waiting(then);
  ASSERT_EQ(last_.clusters.size(), 1U);
  EXPECT_EQ(last_.clusters[0]->model->name, "old");
  store_.give_up_waiting();
  EXPECT_FALSE(store_.is_waiting());
}

TEST_F(Config, ADnsClusterIsWarmOnceItsNamesWereLookedUp) {
  model::Cluster cluster;
  cluster.name = "external";
  cluster.discovery = model::Discovery::kStrictDns;
  cluster.assignment = endpoints_of("external", 443);
  cluster.assignment->localities[0].endpoints[0].hostname = "example.org";
  ASSERT_TRUE(store_.add_cluster(cluster));
  EXPECT_TRUE(store_.is_waiting());
  EXPECT_TRUE(store_.latest_clusters().contains("external")) << "or nobody would look its names up";
  store_.set_assignment(endpoints_of("external", 443));
  EXPECT_EQ(last_.clusters.size(), 1U);
  EXPECT_EQ(last_.assignments.size(), 1U);
  EXPECT_FALSE(store_.is_waiting());
  const int publishes = published_;
  store_.set_assignment(endpoints_of("removed meanwhile", 443));
  EXPECT_EQ(published_, publishes);
}

TEST_F(Config, TellsOfANewTableOfNames) {
  int told = 0;
  store_.on_names([&told] { ++told; });
  model::NameTable names;
  names.entries.push_back({"reviews.default.svc.cluster.local", {IpAddress::loopback_v4()}, {"reviews"}});
  take(update_of(xds::type::kNameTable, names));
  EXPECT_EQ(told, 1);
  EXPECT_EQ(*store_.names(), names);
}

TEST_F(Config, BoundsTheLargestHead) {
  model::Listener listener = listener_of("in", "");
  auto& http = std::get<model::HttpConnection>(listener.filter_chains[0].filter);
  http.inline_routes = table_of("inline", "reviews");
  http.max_request_header_bytes = 8U << 20;
  ASSERT_TRUE(store_.add_listener(std::move(listener)));
  EXPECT_EQ(store_.listeners().at("in")->chains[0]->http->rules.limits.max_head, size_t{192} << 10);
}

}  // namespace
}  // namespace ripstop::proxy
