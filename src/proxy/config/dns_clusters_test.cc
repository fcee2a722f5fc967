#include "proxy/config/dns_clusters.h"

#include <gtest/gtest.h>

#include <set>

#include "net/net_testing.h"
#include "runtime/wait.h"

namespace ripstop::proxy {
namespace {

using net::testing::run_until;
using net::testing::settle;

IpAddress address(const char* text) {
  return *IpAddress::parse(text);
}

model::Cluster cluster_of(const std::string& name, const std::vector<std::string>& hosts,
                          model::Discovery discovery = model::Discovery::kStrictDns) {
  model::Cluster cluster;
  cluster.name = name;
  cluster.discovery = discovery;
  cluster.dns_refresh = std::chrono::hours(1);
  cluster.assignment.emplace();
  cluster.assignment->cluster = name;
  auto& locality = cluster.assignment->localities.emplace_back();
  for (const std::string& host : hosts) {
    model::Endpoint& endpoint = locality.endpoints.emplace_back();
    endpoint.hostname = host;
    endpoint.address.port = 443;
  }
  return cluster;
}

class DnsLookups : public ::testing::Test {
 protected:
  // Answers as the test has written; without an entry the name cannot be looked up.
  runtime::Task<Result<net::Resolution>> look_up(std::string name) {
    ++asked_[name];
    if (holds_.contains(name)) co_await hold_.wait();
    const auto found = answers_.find(name);
    if (found == answers_.end()) co_return fail(ErrorCode::kNotFound, name + " does not exist");
    net::Resolution answer;
    for (const char* text : found->second) answer.addresses.push_back(address(text));
    co_return answer;
  }

  void configure(const model::Cluster& cluster) {
    ASSERT_TRUE(store_.add_cluster(cluster));
    clusters_.follow(store_.latest_clusters());
    settle(reactor_);
  }
  // Addresses that the workers know, in order.
  std::vector<std::string> addresses(const std::string& cluster) {
    std::vector<std::string> texts;
    const auto found = store_.assignments().find(cluster);
    if (found == store_.assignments().end()) return texts;
    for (const auto& locality : found->second->localities) {
      for (const auto& endpoint : locality.endpoints) texts.push_back(endpoint.address.to_string());
    }
    return texts;
  }
  using Texts = std::vector<std::string>;

  runtime::Reactor reactor_;
  SecretStore secrets_;
  int published_ = 0;
  ConfigStore store_{secrets_, [this](const std::shared_ptr<const SettingsDelta>&) { ++published_; }};
  std::map<std::string, std::vector<const char*>> answers_;
  std::map<std::string, int> asked_;
  std::set<std::string> holds_;
  runtime::Event hold_;
  DnsClusters clusters_{[this](std::string name, TimePoint) { return look_up(std::move(name)); }, store_,
                        std::chrono::milliseconds(1)};
};

TEST_F(DnsLookups, EveryAddressOfAStrictClusterIsAnEndpoint) {
  answers_["a.test"] = {"10.0.0.2", "10.0.0.1", "2001:db8::1"};
  answers_["b.test"] = {"10.0.0.3"};
  configure(cluster_of("external", {"a.test", "b.test"}));
  EXPECT_EQ(addresses("external"), (Texts{"10.0.0.1:443", "10.0.0.2:443", "[2001:db8::1]:443", "10.0.0.3:443"}));
  EXPECT_TRUE(store_.clusters().contains("external")) << "it was held back until then";
}

TEST_F(DnsLookups, ALogicalClusterHasOneEndpoint) {
  answers_["a.test"] = {"10.0.0.2", "10.0.0.1"};
  configure(cluster_of("external", {"a.test"}, model::Discovery::kLogicalDns));
  EXPECT_EQ(addresses("external"), Texts{"10.0.0.2:443"});
}

TEST_F(DnsLookups, LiteralAddressesAreTakenAsTheyAre) {
  model::Cluster cluster = cluster_of("external", {""});
  cluster.assignment->localities[0].endpoints[0].address.ip = address("192.0.2.1");
  configure(cluster);
  EXPECT_EQ(addresses("external"), Texts{"192.0.2.1:443"});
  EXPECT_TRUE(asked_.empty());
}

TEST_F(DnsLookups, ANameThatDoesNotExistYetHoldsNobodyBack) {
  configure(cluster_of("external", {"missing.test"}));
  EXPECT_TRUE(addresses("external").empty());
  EXPECT_TRUE(store_.clusters().contains("external"));
}

TEST_F(DnsLookups, ANameThatCannotBeLookedUpAnyMoreKeepsItsAddresses) {
  answers_["a.test"] = {"10.0.0.1"};
  answers_["b.test"] = {"10.0.0.2"};
  model::Cluster cluster = cluster_of("external", {"a.test", "b.test"});
  cluster.dns_refresh = Duration::zero();
  configure(cluster);
  answers_.erase("a.test");
  answers_["b.test"] = {"10.0.0.9"};
  ASSERT_TRUE(run_until(reactor_, [this] { return addresses("external").back() == "10.0.0.9:443"; }));
  EXPECT_EQ(addresses("external").front(), "10.0.0.1:443");
}

TEST_F(DnsLookups, AnAnswerInAnotherOrderIsNoChange) {
  answers_["a.test"] = {"10.0.0.1", "10.0.0.2"};
  model::Cluster cluster = cluster_of("external", {"a.test"});
  cluster.dns_refresh = Duration::zero();
  configure(cluster);
  const int publishes = published_;
  answers_["a.test"] = {"10.0.0.2", "10.0.0.1"};
  const int asked = asked_["a.test"];
  ASSERT_TRUE(run_until(reactor_, [&] { return asked_["a.test"] > asked + 2; }));
  EXPECT_EQ(published_, publishes);
}

TEST_F(DnsLookups, AClusterThatIsGoneIsLookedUpNoLonger) {
  answers_["a.test"] = {"10.0.0.1"};
  holds_ = {"a.test"};
  configure(cluster_of("external", {"a.test"}));
  EXPECT_EQ(asked_["a.test"], 1);
  EXPECT_TRUE(hold_.has_waiter());
  clusters_.follow({});
  EXPECT_FALSE(hold_.has_waiter()) << "not even the lookup under way";
}

TEST_F(DnsLookups, AChangedClusterBeginsWithWhatIsKnownOfItsNames) {
  answers_["a.test"] = {"10.0.0.1"};
  configure(cluster_of("external", {"a.test"}));
  answers_.clear();
  model::Cluster changed = cluster_of("external", {"a.test", "b.test"});
  changed.connect_timeout = std::chrono::seconds(1);
  configure(changed);
  EXPECT_EQ(asked_["b.test"], 1);
  EXPECT_EQ(addresses("external"), Texts{"10.0.0.1:443"});
}

TEST_F(DnsLookups, AClusterThatDidNotChangeIsLeftAlone) {
  answers_["a.test"] = {"10.0.0.1"};
  configure(cluster_of("external", {"a.test"}));
  clusters_.follow(store_.latest_clusters());
  settle(reactor_);
  EXPECT_EQ(asked_["a.test"], 1);
}

TEST_F(DnsLookups, ClustersOfOtherKindsAreNotItsBusiness) {
  model::Cluster cluster = cluster_of("static", {""}, model::Discovery::kStatic);
  cluster.assignment->localities[0].endpoints[0].address.ip = address("192.0.2.1");
  const int before = published_;
  configure(cluster);
  EXPECT_EQ(published_, before + 1) << "the cluster itself";
}

}  // namespace
}  // namespace ripstop::proxy
