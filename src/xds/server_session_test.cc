#include "xds/server_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "envoy/service/discovery/v3/discovery.pb.h"

namespace ripstop::xds {
namespace {

using envoy::service::discovery::v3::DeltaDiscoveryRequest;
using envoy::service::discovery::v3::DeltaDiscoveryResponse;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The resources of one client, by hand: set("c", "v2") and give() to the session.
class Resources {
 public:
  Resources& set(std::string_view url, const std::string& name, const std::string& version,
                 const std::string& assignment = "") {
    ServedType& one = types_[std::string(url)];
    one.resources[name] = {version, std::make_shared<const std::string>(name + "@" + version), assignment};
    return *this;
  }
  Resources& erase(std::string_view url, const std::string& name) {
    types_[std::string(url)].resources.erase(name);
    return *this;
  }
  [[nodiscard]] ServedSet make() {
    ServedSet set;
    for (auto& [url, one] : types_) {
      one.version = std::to_string(++version_);
      set[url] = std::make_shared<const ServedType>(one);
    }
    return set;
  }

 private:
  std::map<std::string, ServedType> types_;
  int version_ = 0;
};

class DeltaSessionTest : public ::testing::Test {
 protected:
  struct Ask {
    std::vector<std::string> subscribe;
    std::vector<std::string> unsubscribe;
    std::map<std::string, std::string> initial;
    std::string nonce;
  };

  Status ask(std::string_view url, const Ask& what = {}) {
    DeltaDiscoveryRequest request;
    if (!session_.node()) request.mutable_node()->set_id("n");
    request.set_type_url(std::string(url));
    request.set_response_nonce(what.nonce);
    for (const auto& name : what.subscribe) request.add_resource_names_subscribe(name);
    for (const auto& name : what.unsubscribe) request.add_resource_names_unsubscribe(name);
    for (const auto& [name, version] : what.initial) (*request.mutable_initial_resource_versions())[name] = version;
    return session_.receive(request.SerializeAsString());
  }
  void refuse(const DeltaDiscoveryResponse& response, const std::string& reason) {
    DeltaDiscoveryRequest request;
    request.set_type_url(response.type_url());
    request.set_response_nonce(response.nonce());
    request.mutable_error_detail()->set_message(reason);
    EXPECT_TRUE(session_.receive(request.SerializeAsString()).has_value());
  }
  void ack(const DeltaDiscoveryResponse& response) {
    EXPECT_TRUE(ask(response.type_url(), {.nonce = response.nonce()}).has_value());
  }
  std::vector<DeltaDiscoveryResponse> take() {
    std::vector<DeltaDiscoveryResponse> list;
    for (const std::string& bytes : session_.take_responses()) EXPECT_TRUE(list.emplace_back().ParseFromString(bytes));
    return list;
  }
  // Each response as "CDS a@v1 b@v1 -c"; all are acknowledged at once when `acks`.
  std::vector<std::string> told(bool acks = true) {
    std::vector<std::string> list;
    for (const DeltaDiscoveryResponse& response : take()) {
      std::string text = names_.at(response.type_url());
      for (const auto& resource : response.resources()) text += " " + resource.resource().value();
      for (const std::string& name : response.removed_resources()) text += " -" + name;
      list.push_back(text);
      last_ = response;
      if (acks) ack(response);
    }
    return list;
  }
  void give() { session_.update(resources_.make()); }

  const std::map<std::string, std::string> names_ = {
      {std::string(type::kCluster), "CDS"},  {std::string(type::kLoadAssignment), "EDS"},
      {std::string(type::kListener), "LDS"}, {std::string(type::kRouteTable), "RDS"},
      {std::string(type::kSecret), "SDS"},   {std::string(type::kNameTable), "NDS"},
  };
  ServerSession session_{ServerSession::Variant::kDelta};
  Resources resources_;
  DeltaDiscoveryResponse last_;
};

TEST_F(DeltaSessionTest, TheFirstRequestMustNameItsNode) {
  DeltaDiscoveryRequest request;
  request.set_type_url(std::string(type::kCluster));
  const Status status = session_.receive(request.SerializeAsString());
  ASSERT_FALSE(status.has_value());
  EXPECT_THAT(status.error().message, HasSubstr("node.id"));
  ASSERT_TRUE(ask(type::kCluster).has_value());
  EXPECT_EQ(session_.node()->id, "n");
}

TEST_F(DeltaSessionTest, NothingIsSentBeforeThereAreResources) {
  ASSERT_TRUE(ask(type::kCluster).has_value());
  EXPECT_THAT(told(), IsEmpty());
  resources_.set(type::kCluster, "a", "v1");
  give();
  EXPECT_THAT(told(), ElementsAre("CDS a@v1"));
}

TEST_F(DeltaSessionTest, AnEmptyFirstListMeansEverythingAndIsAnsweredEvenWithNothing) {
  give();
  ASSERT_TRUE(ask(type::kCluster).has_value());
  ASSERT_TRUE(ask(type::kRouteTable).has_value());
  EXPECT_THAT(told(), ElementsAre("CDS"));
}

TEST_F(DeltaSessionTest, AnEmptyListOfATypeWithoutWildcardsMeansNothing) {
  resources_.set(type::kLoadAssignment, "a", "v1");
  give();
  ASSERT_TRUE(ask(type::kLoadAssignment).has_value());
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(DeltaSessionTest, OnlyWhatChangedIsSent) {
  resources_.set(type::kCluster, "a", "v1").set(type::kCluster, "b", "v1");
  give();
  ASSERT_TRUE(ask(type::kCluster).has_value());
  EXPECT_THAT(told(), ElementsAre("CDS a@v1 b@v1"));
  give();
  EXPECT_THAT(told(), IsEmpty());
  resources_.set(type::kCluster, "b", "v2");
  give();
  EXPECT_THAT(told(), ElementsAre("CDS b@v2"));
}

TEST_F(DeltaSessionTest, OneResponseIsOutstandingAndNewerStateIsMerged) {
  resources_.set(type::kCluster, "a", "v1");
  give();
  ASSERT_TRUE(ask(type::kCluster).has_value());
  EXPECT_THAT(told(false), ElementsAre("CDS a@v1"));
  const DeltaDiscoveryResponse first = last_;
  for (const char* version : {"v2", "v3", "v4"}) {
    resources_.set(type::kCluster, "a", version);
    give();
    EXPECT_THAT(told(), IsEmpty());
  }
  ack(first);
  EXPECT_THAT(told(), ElementsAre("CDS a@v4"));
}

TEST_F(DeltaSessionTest, AChangeTakenBackWhileAResponseIsOutstandingIsNeverSent) {
  resources_.set(type::kCluster, "a", "v1");
  give();
  ASSERT_TRUE(ask(type::kCluster).has_value());
  EXPECT_THAT(told(false), ElementsAre("CDS a@v1"));
  resources_.set(type::kCluster, "a", "v2");
  give();
  resources_.set(type::kCluster, "a", "v1");
  give();
  ack(last_);
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(DeltaSessionTest, NoncesAreFresh) {
  resources_.set(type::kCluster, "a", "v1").set(type::kListener, "l", "v1");
  give();
  ASSERT_TRUE(ask(type::kCluster).has_value());
  EXPECT_THAT(told(), ElementsAre("CDS a@v1"));
  const std::string first = last_.nonce();
  ASSERT_TRUE(ask(type::kListener).has_value());
  EXPECT_THAT(told(), ElementsAre("LDS l@v1"));
  EXPECT_NE(last_.nonce(), first);
  EXPECT_NE(last_.nonce(), "");
}

TEST_F(DeltaSessionTest, RefusedContentIsNotSentAgainBeforeItChanges) {
  resources_.set(type::kCluster, "a", "v1");
  give();
  ASSERT_TRUE(ask(type::kCluster).has_value());
  EXPECT_THAT(told(false), ElementsAre("CDS a@v1"));
  refuse(last_, "Cluster.name is empty");
  EXPECT_THAT(told(), IsEmpty());
  give();
  EXPECT_THAT(told(), IsEmpty());
  auto status = session_.status().at(0);
  EXPECT_EQ(status.refusal, "Cluster.name is empty");
  EXPECT_EQ(status.refused_version, status.sent_version);
  EXPECT_EQ(status.acked_version, "");
  EXPECT_FALSE(status.is_synced());
  resources_.set(type::kCluster, "a", "v2");
  give();
  EXPECT_THAT(told(), ElementsAre("CDS a@v2"));
  EXPECT_EQ(session_.status().at(0).refusal, "");
  EXPECT_TRUE(session_.status().at(0).is_synced());
}

TEST_F(DeltaSessionTest, ANameThatDoesNotExistIsToldRemovedAndSentWhenItAppears) {
  give();
  ASSERT_TRUE(ask(type::kRouteTable, {.subscribe = {"r"}}).has_value());
  EXPECT_THAT(told(), ElementsAre("RDS -r"));
  resources_.set(type::kRouteTable, "r", "v1").set(type::kRouteTable, "other", "v1");
  give();
  EXPECT_THAT(told(), ElementsAre("RDS r@v1"));
}

TEST_F(DeltaSessionTest, ARepeatedSubscriptionIsAnswered) {
  resources_.set(type::kRouteTable, "r", "v1");
  give();
  ASSERT_TRUE(ask(type::kRouteTable, {.subscribe = {"r"}}).has_value());
  EXPECT_THAT(told(), ElementsAre("RDS r@v1"));
  ASSERT_TRUE(ask(type::kRouteTable, {.subscribe = {"r"}}).has_value());
  EXPECT_THAT(told(), ElementsAre("RDS r@v1"));
}

TEST_F(DeltaSessionTest, AnUnsubscribedNameIsSentNoMoreAndAnUnknownOneIsPassedOver) {
  resources_.set(type::kRouteTable, "r", "v1");
  give();
  ASSERT_TRUE(ask(type::kRouteTable, {.subscribe = {"r"}}).has_value());
  EXPECT_THAT(told(), ElementsAre("RDS r@v1"));
  ASSERT_TRUE(ask(type::kRouteTable, {.unsubscribe = {"r", "phantom"}}).has_value());
  resources_.set(type::kRouteTable, "r", "v2");
  give();
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(DeltaSessionTest, UnsubscribingANameUnderAWildcardIsAnswered) {
  resources_.set(type::kCluster, "a", "v1");
  give();
  ASSERT_TRUE(ask(type::kCluster, {.subscribe = {"*", "a", "gone"}}).has_value());
  EXPECT_THAT(told(), ElementsAre("CDS a@v1 -gone"));
  ASSERT_TRUE(ask(type::kCluster, {.unsubscribe = {"a", "gone"}}).has_value());
  EXPECT_THAT(told(), ElementsAre("CDS a@v1 -gone"));
}

TEST_F(DeltaSessionTest, GivingUpTheWildcardKeepsTheNames) {
  resources_.set(type::kCluster, "a", "v1").set(type::kCluster, "b", "v1");
  give();
  ASSERT_TRUE(ask(type::kCluster, {.subscribe = {"*", "a"}}).has_value());
  EXPECT_THAT(told(), ElementsAre("CDS a@v1 b@v1"));
  ASSERT_TRUE(ask(type::kCluster, {.unsubscribe = {"*"}}).has_value());
  resources_.set(type::kCluster, "a", "v2").set(type::kCluster, "b", "v2");
  give();
  EXPECT_THAT(told(), ElementsAre("CDS a@v2"));
}

TEST_F(DeltaSessionTest, SubscriptionChangesCountEvenWithAStaleNonce) {
  resources_.set(type::kRouteTable, "r", "v1").set(type::kRouteTable, "s", "v1");
  give();
  ASSERT_TRUE(ask(type::kRouteTable, {.subscribe = {"r"}}).has_value());
  EXPECT_THAT(told(false), ElementsAre("RDS r@v1"));
  ASSERT_TRUE(ask(type::kRouteTable, {.subscribe = {"s"}, .nonce = "stale"}).has_value());
  EXPECT_THAT(told(), IsEmpty()) << "the stale nonce acknowledges nothing";
  ack(last_);
  EXPECT_THAT(told(), ElementsAre("RDS s@v1"));
}

TEST_F(DeltaSessionTest, AfterAReconnectOnlyDifferencesAreSent) {
  resources_.set(type::kCluster, "same", "v1").set(type::kCluster, "new", "v1").set(type::kCluster, "old", "v2");
  resources_.set(type::kLoadAssignment, "same", "v1").set(type::kLoadAssignment, "old", "v2");
  give();
  ASSERT_TRUE(ask(type::kCluster, {.initial = {{"same", "v1"}, {"old", "v1"}, {"gone", "v1"}}}).has_value());
  ASSERT_TRUE(ask(type::kLoadAssignment, {.subscribe = {"same", "old"}, .initial = {{"same", "v1"}, {"old", "v1"}}})
                  .has_value());
  EXPECT_THAT(told(), ElementsAre("CDS new@v1 old@v2", "EDS old@v2"));
  EXPECT_THAT(told(), ElementsAre("CDS -gone"));
}

TEST_F(DeltaSessionTest, ListenersAndRoutesWaitUntilTheClientHasTheClusters) {
  resources_.set(type::kCluster, "a", "v1").set(type::kListener, "l", "v1").set(type::kRouteTable, "r", "v1");
  give();
  for (const auto url : {type::kCluster, type::kListener}) ASSERT_TRUE(ask(url).has_value());
  ASSERT_TRUE(ask(type::kRouteTable, {.subscribe = {"r"}}).has_value());
  EXPECT_THAT(told(false), ElementsAre("CDS a@v1"));
  EXPECT_THAT(told(false), IsEmpty());
  ack(last_);
  EXPECT_THAT(told(), ElementsAre("LDS l@v1", "RDS r@v1"));
}

TEST_F(DeltaSessionTest, AClusterIsWithdrawnAfterTheRoutesThatUsedItAreAcknowledged) {
  resources_.set(type::kCluster, "old", "v1").set(type::kLoadAssignment, "old", "v1").set(type::kRouteTable, "r", "v1");
  give();
  ASSERT_TRUE(ask(type::kCluster).has_value());
  ASSERT_TRUE(ask(type::kLoadAssignment, {.subscribe = {"old"}}).has_value());
  ASSERT_TRUE(ask(type::kRouteTable, {.subscribe = {"r"}}).has_value());
  EXPECT_THAT(told(), ElementsAre("CDS old@v1", "EDS old@v1"));
  EXPECT_THAT(told(), ElementsAre("RDS r@v1"));
  resources_.erase(type::kCluster, "old").erase(type::kLoadAssignment, "old");
  resources_.set(type::kCluster, "new", "v1").set(type::kRouteTable, "r", "v2");
  give();
  EXPECT_THAT(told(), ElementsAre("CDS new@v1"));
  EXPECT_THAT(told(false), ElementsAre("RDS r@v2"));
  EXPECT_THAT(told(false), IsEmpty());
  ack(last_);
  EXPECT_THAT(told(), ElementsAre("CDS -old", "EDS -old"));
}

TEST_F(DeltaSessionTest, AClusterThatComesBackBeforeItsWithdrawalIsNotWithdrawn) {
  resources_.set(type::kCluster, "a", "v1").set(type::kRouteTable, "r", "v1");
  give();
  ASSERT_TRUE(ask(type::kCluster).has_value());
  ASSERT_TRUE(ask(type::kRouteTable, {.subscribe = {"r"}}).has_value());
  (void)told();
  (void)told();
  resources_.erase(type::kCluster, "a").set(type::kRouteTable, "r", "v2");
  give();
  // That nothing is left to say about clusters is found out first, and then the route goes.
  EXPECT_THAT(told(false), ElementsAre("RDS r@v2"));
  resources_.set(type::kCluster, "a", "v1");
  give();
  ack(last_);
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(DeltaSessionTest, TheAssignmentOfAClusterThatWasSentFollowsIt) {
  resources_.set(type::kCluster, "a", "v1", "a-eds").set(type::kLoadAssignment, "a-eds", "v1");
  give();
  ASSERT_TRUE(ask(type::kCluster).has_value());
  EXPECT_THAT(told(), ElementsAre("CDS a@v1"));
  ASSERT_TRUE(ask(type::kLoadAssignment, {.subscribe = {"a-eds"}}).has_value());
  EXPECT_THAT(told(), ElementsAre("EDS a-eds@v1"));
  resources_.set(type::kCluster, "a", "v2", "a-eds");
  give();
  EXPECT_THAT(told(), ElementsAre("CDS a@v2", "EDS a-eds@v1"));
}

TEST_F(DeltaSessionTest, WithAListOfChangedNamesOnlyTheseAreLookedAt) {
  resources_.set(type::kCluster, "a", "v1").set(type::kCluster, "b", "v1");
  give();
  ASSERT_TRUE(ask(type::kCluster).has_value());
  (void)told();
  resources_.set(type::kCluster, "a", "v2").set(type::kCluster, "b", "v2");
  session_.update(resources_.make(), {{std::string(type::kCluster), {"a"}}});
  EXPECT_THAT(told(), ElementsAre("CDS a@v2"));
}

TEST_F(DeltaSessionTest, LargeStatesGoInSeveralResponses) {
  ServedType many;
  const auto body = std::make_shared<const std::string>(std::string(1 << 20, 'x'));
  for (const char* name : {"a", "b", "c", "d"}) many.resources[name] = {"v1", body, ""};
  session_.update({{std::string(type::kCluster), std::make_shared<const ServedType>(many)}});
  ASSERT_TRUE(ask(type::kCluster).has_value());
  size_t resources_seen = 0;
  size_t responses_seen = 0;
  for (auto list = take(); !list.empty(); list = take()) {
    ASSERT_EQ(list.size(), 1U);
    EXPECT_LT(list[0].ByteSizeLong(), size_t{4} << 20);
    resources_seen += static_cast<size_t>(list[0].resources_size());
    ++responses_seen;
    ack(list[0]);
  }
  EXPECT_EQ(resources_seen, 4U);
  EXPECT_EQ(responses_seen, 2U);
}

TEST_F(DeltaSessionTest, HostileRequestsAreErrors) {
  EXPECT_FALSE(session_.receive("\xff").has_value());
  EXPECT_FALSE(ask("").has_value());
  EXPECT_FALSE(ask(type::kCluster, {.subscribe = {std::string(5000, 'x')}}).has_value());
  for (int i = 0; i < 63; ++i) EXPECT_TRUE(ask("type/" + std::to_string(i)).has_value());
  EXPECT_FALSE(ask("type/64").has_value());
}

}  // namespace
}  // namespace ripstop::xds
