#include "xds/client_session.h"

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

std::string node() {
  envoy::config::core::v3::Node wire;
  wire.set_id("sidecar~10.0.0.1~reviews.default~default.svc.cluster.local");
  return wire.SerializeAsString();
}

struct Sent {
  std::string name;
  std::string version = "v1";
};

std::string response(std::string_view url, const std::string& nonce, const std::vector<Sent>& resources,
                     const std::vector<std::string>& removed = {}) {
  DeltaDiscoveryResponse wire;
  wire.set_type_url(std::string(url));
  wire.set_nonce(nonce);
  for (const Sent& resource : resources) {
    auto* one = wire.add_resources();
    one->set_name(resource.name);
    one->set_version(resource.version);
    one->mutable_resource()->set_type_url(std::string(url));
    one->mutable_resource()->set_value("body of " + resource.name);
  }
  for (const std::string& name : removed) wire.add_removed_resources(name);
  return wire.SerializeAsString();
}

class ClientSessionTest : public ::testing::Test {
 protected:
  std::vector<DeltaDiscoveryRequest> requests() {
    std::vector<DeltaDiscoveryRequest> list;
    for (const std::string& bytes : session_.take_requests()) {
      EXPECT_TRUE(list.emplace_back().ParseFromString(bytes));
    }
    return list;
  }
  DeltaDiscoveryRequest only_request() {
    auto list = requests();
    EXPECT_EQ(list.size(), 1U);
    return list.empty() ? DeltaDiscoveryRequest() : list[0];
  }
  Update receive(const std::string& bytes) {
    auto update = session_.receive(bytes);
    EXPECT_TRUE(update.has_value() && update->has_value());
    return update && *update ? **update : Update{};
  }

  ClientSession session_{node()};
};

TEST_F(ClientSessionTest, NothingIsSaidWithoutAStreamOrASubscription) {
  session_.subscribe_all(type::kCluster);
  EXPECT_THAT(session_.take_requests(), IsEmpty());
  ClientSession silent{node()};
  silent.connected();
  EXPECT_THAT(silent.take_requests(), IsEmpty());
}

TEST_F(ClientSessionTest, TheNodeGoesInTheFirstRequestOnlyAndTypesGoInOrder) {
  session_.subscribe(type::kRouteTable, "r");
  session_.subscribe_all(type::kListener);
  session_.subscribe_all(type::kCluster);
  session_.connected();
  const auto list = requests();
  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(list[0].type_url(), type::kCluster);
  EXPECT_TRUE(list[0].has_node());
  EXPECT_THAT(list[0].resource_names_subscribe(), IsEmpty());
  EXPECT_EQ(list[1].type_url(), type::kListener);
  EXPECT_FALSE(list[1].has_node());
  EXPECT_EQ(list[2].type_url(), type::kRouteTable);
  EXPECT_THAT(list[2].resource_names_subscribe(), ElementsAre("r"));
  for (const auto& request : list) EXPECT_EQ(request.response_nonce(), "");
  EXPECT_THAT(requests(), IsEmpty());
}

TEST_F(ClientSessionTest, AnAcceptedUpdateIsAcknowledgedWithItsNonceAlone) {
  session_.subscribe_all(type::kCluster);
  session_.connected();
  (void)requests();
  const Update update = receive(response(type::kCluster, "n1", {{"a"}, {"b", "v7"}}));
  EXPECT_THAT(requests(), IsEmpty()) << "nothing is said before the owner's verdict";
  ASSERT_EQ(update.resources.size(), 2U);
  EXPECT_EQ(update.resources[0].body, "body of a");
  session_.accept(update);
  const auto ack = only_request();
  EXPECT_EQ(ack.response_nonce(), "n1");
  EXPECT_FALSE(ack.has_error_detail());
  EXPECT_EQ(session_.version(type::kCluster, "b"), "v7");
}

TEST_F(ClientSessionTest, ARejectedUpdateIsRefusedWithItsReasonAndChangesNoVersion) {
  session_.subscribe_all(type::kCluster);
  session_.connected();
  (void)requests();
  session_.accept(receive(response(type::kCluster, "n1", {{"a"}})));
  (void)requests();
  session_.reject(receive(response(type::kCluster, "n2", {{"a", "v2"}})), "Cluster.name is empty \xff");
  const auto nack = only_request();
  EXPECT_EQ(nack.response_nonce(), "n2");
  EXPECT_EQ(nack.error_detail().code(), 3);
  EXPECT_EQ(nack.error_detail().message(), "Cluster.name is empty ?");
  EXPECT_EQ(session_.version(type::kCluster, "a"), "v1");
}

TEST_F(ClientSessionTest, AnAcknowledgementNeverCarriesAChangeOfSubscriptions) {
  session_.subscribe(type::kLoadAssignment, "a");
  session_.connected();
  (void)requests();
  session_.accept(receive(response(type::kLoadAssignment, "n1", {{"a"}})));
  session_.subscribe(type::kLoadAssignment, "b");
  session_.unsubscribe(type::kLoadAssignment, "a");
  const auto list = requests();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].response_nonce(), "n1");
  EXPECT_THAT(list[0].resource_names_subscribe(), IsEmpty());
  EXPECT_THAT(list[0].resource_names_unsubscribe(), IsEmpty());
  EXPECT_EQ(list[1].response_nonce(), "");
  EXPECT_THAT(list[1].resource_names_subscribe(), ElementsAre("b"));
  EXPECT_THAT(list[1].resource_names_unsubscribe(), ElementsAre("a"));
}

TEST_F(ClientSessionTest, ASubscriptionTakenBackBeforeItWasToldIsNeverMentioned) {
  session_.subscribe(type::kLoadAssignment, "a");
  session_.connected();
  (void)requests();
  session_.subscribe(type::kLoadAssignment, "b");
  session_.unsubscribe(type::kLoadAssignment, "b");
  EXPECT_THAT(requests(), IsEmpty());
}

TEST_F(ClientSessionTest, NamesBesideAWildcardKeepTheWildcard) {
  session_.subscribe_all(type::kCluster);
  session_.connected();
  (void)requests();
  session_.subscribe(type::kCluster, "extra");
  EXPECT_THAT(only_request().resource_names_subscribe(), ElementsAre("*", "extra"));
  session_.connected();
  EXPECT_THAT(only_request().resource_names_subscribe(), ElementsAre("*", "extra"));
}

TEST_F(ClientSessionTest, AfterAReconnectTheVersionsInForceAreTold) {
  session_.subscribe_all(type::kCluster);
  session_.connected();
  (void)requests();
  session_.accept(receive(response(type::kCluster, "n1", {{"a"}, {"b", "v2"}})));
  session_.accept(receive(response(type::kCluster, "n2", {}, {"a"})));
  session_.disconnected();
  EXPECT_THAT(session_.take_requests(), IsEmpty()) << "acknowledgements of a stream die with it";
  session_.connected();
  const auto request = only_request();
  EXPECT_TRUE(request.has_node());
  EXPECT_EQ(request.initial_resource_versions_size(), 1);
  EXPECT_EQ(request.initial_resource_versions().at("b"), "v2");
}

TEST_F(ClientSessionTest, AVerdictOnAnEarlierStreamsUpdateIsRememberedButNotSent) {
  session_.subscribe_all(type::kCluster);
  session_.connected();
  (void)requests();
  const Update update = receive(response(type::kCluster, "n1", {{"a"}}));
  session_.connected();
  (void)requests();
  session_.accept(update);
  EXPECT_THAT(requests(), IsEmpty());
  EXPECT_EQ(session_.version(type::kCluster, "a"), "v1");
}

TEST_F(ClientSessionTest, ResourcesNobodyAskedForArePassedOver) {
  session_.subscribe(type::kLoadAssignment, "a");
  session_.connected();
  (void)requests();
  const Update update = receive(response(type::kLoadAssignment, "n1", {{"a"}, {"stray"}}, {"other"}));
  ASSERT_EQ(update.resources.size(), 1U);
  EXPECT_EQ(update.resources[0].name, "a");
  EXPECT_THAT(update.removed, IsEmpty());
}

TEST_F(ClientSessionTest, AHeartbeatWithoutABodyIsNoResource) {
  session_.subscribe_all(type::kCluster);
  session_.connected();
  (void)requests();
  DeltaDiscoveryResponse wire;
  wire.set_type_url(std::string(type::kCluster));
  wire.set_nonce("n1");
  wire.add_resources()->set_name("a");
  EXPECT_THAT(receive(wire.SerializeAsString()).resources, IsEmpty());
}

TEST_F(ClientSessionTest, MalformedResponsesAreRefusedAsAWhole) {
  session_.subscribe_all(type::kCluster);
  session_.connected();
  (void)requests();
  DeltaDiscoveryResponse wrong_type;
  ASSERT_TRUE(wrong_type.ParseFromString(response(type::kCluster, "n", {{"a"}})));
  wrong_type.mutable_resources(0)->mutable_resource()->set_type_url(std::string(type::kListener));
  const std::vector<std::pair<std::string, std::string>> table = {
      {response(type::kCluster, "n", {{"a"}, {"a"}}), "the resource \"a\" twice"},
      {response(type::kCluster, "n", {{"a"}}, {"a"}), "the resource \"a\" twice"},
      {response(type::kCluster, "n", {{""}}), "without a name"},
      {wrong_type.SerializeAsString(), "but the response is for"},
      {response(type::kSecret, "n", {{"a"}}), "Nobody subscribed"},
  };
  for (const auto& [bytes, reason] : table) {
    const auto update = session_.receive(bytes);
    ASSERT_TRUE(update.has_value());
    EXPECT_FALSE(update->has_value());
    const auto nack = only_request();
    EXPECT_EQ(nack.response_nonce(), "n");
    EXPECT_THAT(nack.error_detail().message(), HasSubstr(reason));
  }
}

TEST_F(ClientSessionTest, BytesThatAreNoResponseAreAnError) {
  session_.connected();
  EXPECT_FALSE(session_.receive("\xff\xff\xff").has_value());
}

}  // namespace
}  // namespace ripstop::xds
