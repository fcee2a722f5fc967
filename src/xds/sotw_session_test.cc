#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "envoy/service/discovery/v3/discovery.pb.h"
#include "xds/server_session.h"

namespace ripstop::xds {
namespace {

using envoy::service::discovery::v3::DiscoveryRequest;
using envoy::service::discovery::v3::DiscoveryResponse;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SotwSessionTest : public ::testing::Test {
 protected:
  void set(std::string_view url, const std::string& name, const std::string& version,
           const std::string& assignment = "") {
    types_[std::string(url)].resources[name] = {version, std::make_shared<const std::string>(name + "@" + version),
                                                assignment};
  }
  void give() {
    ServedSet served;
    for (auto& [url, one] : types_) {
      one.version = std::to_string(++set_version_);
      served[url] = std::make_shared<const ServedType>(one);
    }
    session_.update(std::move(served));
  }
  void ask(std::string_view url, const std::vector<std::string>& names, const std::string& nonce = "",
           const std::string& refusal = "") {
    DiscoveryRequest request;
    request.mutable_node()->set_id("n");
    request.set_type_url(std::string(url));
    request.set_response_nonce(nonce);
    for (const std::string& name : names) request.add_resource_names(name);
    if (!refusal.empty()) request.mutable_error_detail()->set_message(refusal);
    EXPECT_TRUE(session_.receive(request.SerializeAsString()).has_value());
  }
  std::vector<std::string> told() {
    std::vector<std::string> list;
    for (const std::string& bytes : session_.take_responses()) {
      DiscoveryResponse response;
      EXPECT_TRUE(response.ParseFromString(bytes));
      std::string text = short_names_.at(response.type_url());
      for (const auto& resource : response.resources()) text += " " + resource.value();
      list.push_back(text);
      nonces_[response.type_url()] = response.nonce();
    }
    return list;
  }
  void ack(std::string_view url, const std::vector<std::string>& names = {}) {
    ask(url, names, nonces_.at(std::string(url)));
  }

  const std::map<std::string, std::string> short_names_ = {
      {std::string(type::kCluster), "CDS"},
      {std::string(type::kLoadAssignment), "EDS"},
      {std::string(type::kListener), "LDS"},
      {std::string(type::kRouteTable), "RDS"},
  };
  ServerSession session_{ServerSession::Variant::kStateOfTheWorld};
  std::map<std::string, ServedType> types_;
  std::map<std::string, std::string> nonces_;
  int set_version_ = 0;
};

TEST_F(SotwSessionTest, ClustersAreSentAsAWholeAndAssignmentsInParts) {
  set(type::kCluster, "a", "v1");
  set(type::kCluster, "b", "v1");
  set(type::kLoadAssignment, "a", "v1");
  set(type::kLoadAssignment, "b", "v1");
  give();
  ask(type::kCluster, {});
  ask(type::kLoadAssignment, {"a", "b"});
  EXPECT_THAT(told(), ElementsAre("CDS a@v1 b@v1", "EDS a@v1 b@v1"));
  ack(type::kCluster);
  ack(type::kLoadAssignment, {"a", "b"});
  EXPECT_THAT(told(), IsEmpty());
  set(type::kCluster, "b", "v2");
  set(type::kLoadAssignment, "b", "v2");
  give();
  EXPECT_THAT(told(), ElementsAre("CDS a@v1 b@v2", "EDS b@v2"));
}

TEST_F(SotwSessionTest, AnEmptyStateOfClustersIsAnAnswerAndAnEmptyOneOfRoutesIsNot) {
  give();
  ask(type::kCluster, {});
  ask(type::kRouteTable, {"r"});
  EXPECT_THAT(told(), ElementsAre("CDS"));
  ack(type::kCluster);
  set(type::kRouteTable, "r", "v1");
  give();
  EXPECT_THAT(told(), ElementsAre("RDS r@v1"));
}

TEST_F(SotwSessionTest, ANewNameIsAnsweredAloneAndADroppedOneNotAtAll) {
  set(type::kRouteTable, "a", "v1");
  set(type::kRouteTable, "b", "v1");
  give();
  ask(type::kRouteTable, {"a"});
  EXPECT_THAT(told(), ElementsAre("RDS a@v1"));
  ack(type::kRouteTable, {"a", "b"});
  EXPECT_THAT(told(), ElementsAre("RDS b@v1"));
  ack(type::kRouteTable, {"b"});
  EXPECT_THAT(told(), IsEmpty());
  set(type::kRouteTable, "a", "v2");
  give();
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(SotwSessionTest, ARequestWithAStaleNonceIsDropped) {
  set(type::kRouteTable, "a", "v1");
  set(type::kRouteTable, "b", "v1");
  give();
  ask(type::kRouteTable, {"a"});
  EXPECT_THAT(told(), ElementsAre("RDS a@v1"));
  ask(type::kRouteTable, {"a", "b"}, "stale");
  ask(type::kRouteTable, {"a", "b"}, "");
  EXPECT_THAT(told(), IsEmpty());
  ack(type::kRouteTable, {"a", "b"});
  EXPECT_THAT(told(), ElementsAre("RDS b@v1"));
}

TEST_F(SotwSessionTest, OnceANameWasSentAnEmptyListMeansNothing) {
  set(type::kCluster, "a", "v1");
  set(type::kCluster, "b", "v1");
  give();
  ask(type::kCluster, {"*", "a"});
  EXPECT_THAT(told(), ElementsAre("CDS a@v1 b@v1"));
  ack(type::kCluster, {"a"});
  set(type::kCluster, "b", "v2");
  give();
  EXPECT_THAT(told(), IsEmpty()) << "the list without * has dropped the wildcard";
  ack(type::kCluster, {});
  set(type::kCluster, "a", "v2");
  give();
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(SotwSessionTest, RefusedContentIsNotSentAgainBeforeItChanges) {
  set(type::kCluster, "a", "v1");
  give();
  ask(type::kCluster, {});
  EXPECT_THAT(told(), ElementsAre("CDS a@v1"));
  ask(type::kCluster, {}, nonces_.at(std::string(type::kCluster)), "no");
  give();
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_EQ(session_.status().at(0).refusal, "no");
  set(type::kCluster, "a", "v2");
  give();
  EXPECT_THAT(told(), ElementsAre("CDS a@v2"));
}

TEST_F(SotwSessionTest, AWithdrawnClusterStaysUntilTheRoutesThatUsedItAreAcknowledged) {
  set(type::kCluster, "old", "v1");
  set(type::kRouteTable, "r", "v1");
  give();
  ask(type::kCluster, {});
  ask(type::kRouteTable, {"r"});
  EXPECT_THAT(told(), ElementsAre("CDS old@v1"));
  ack(type::kCluster);
  EXPECT_THAT(told(), ElementsAre("RDS r@v1"));
  ack(type::kRouteTable, {"r"});
  types_[std::string(type::kCluster)].resources.erase("old");
  set(type::kCluster, "new", "v1");
  set(type::kRouteTable, "r", "v2");
  give();
  EXPECT_THAT(told(), ElementsAre("CDS new@v1 old@v1"));
  ack(type::kCluster);
  EXPECT_THAT(told(), ElementsAre("RDS r@v2"));
  ack(type::kRouteTable, {"r"});
  EXPECT_THAT(told(), ElementsAre("CDS new@v1"));
  ack(type::kCluster);
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(SotwSessionTest, TheAssignmentOfAChangedClusterFollowsItAndThatOfAnUnchangedOneDoesNot) {
  set(type::kCluster, "a", "v1", "a");
  set(type::kCluster, "b", "v1", "b");
  set(type::kLoadAssignment, "a", "v1");
  set(type::kLoadAssignment, "b", "v1");
  give();
  ask(type::kCluster, {});
  ask(type::kLoadAssignment, {"a", "b"});
  (void)told();
  ack(type::kCluster);
  ack(type::kLoadAssignment, {"a", "b"});
  set(type::kCluster, "b", "v2", "b");
  give();
  EXPECT_THAT(told(), ElementsAre("CDS a@v1 b@v2", "EDS b@v1"));
}

}  // namespace
}  // namespace ripstop::xds
