#include "translate/listener/outbound_listener_pass.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "translate/listener/filters.h"
#include "translate/testing/bookinfo.h"

namespace ripstop::translate {
namespace {

using model::AppProtocol;
using ::testing::ElementsAre;

std::string cluster_of(const model::FilterChain& chain) {
  return std::get<model::TcpProxy>(chain.filter).clusters.front().cluster;
}

std::string default_of(const model::Listener& listener) {
  return cluster_of(*listener.default_filter_chain);
}

L4Input l4(std::string host, std::vector<model::L4Rule> rules = {}) {
  L4Input made{.host = std::move(host), .rules = nullptr, .client = {.ns = "default"}, .only_ports = {}};
  if (rules.empty()) return made;
  model::L4Routes routes;
  routes.rules = std::move(rules);
  made.rules = std::make_shared<const model::L4Routes>(std::move(routes));
  return made;
}

model::L4Rule tls_rule(std::string server_name, std::string to) {
  model::L4Rule rule;
  rule.is_tls = true;
  rule.conditions = {{.server_names = {std::move(server_name)}}};
  rule.destinations = {testing::to(std::move(to))};
  return rule;
}

ServiceListenerInput service(AppProtocol protocol, std::vector<model::L4Rule> rules = {}) {
  return {.addresses = {testing::ip("10.0.0.1"), testing::ip("2001:2::1")},
          .port = testing::port(3306, "", protocol),
          .l4 = l4("db", std::move(rules)),
          .logs = {}};
}

TEST(CaptureListener, HandsOverAndLetsTheRestThrough) {
  CaptureListenerInput input{.address = {.ip = {}, .port = 15001}};
  const auto open = make_capture_listener(input);
  EXPECT_TRUE(open.use_original_dst);
  EXPECT_TRUE(open.bind_to_port);
  EXPECT_EQ(default_of(open), "PassthroughCluster");
  input.registry_only = true;
  EXPECT_EQ(default_of(make_capture_listener(input)), "BlackHoleCluster");
}

TEST(PortListener, SendsHttpByTheRouteTableAndTheRestThrough) {
  const auto listener = make_port_listener({.port = 9080, .has_routes = true});
  EXPECT_EQ(listener.name, "0.0.0.0_9080");
  EXPECT_FALSE(listener.bind_to_port);
  ASSERT_EQ(listener.filter_chains.size(), 1U);
  EXPECT_EQ(listener.filter_chains[0].match.transport_protocol, "raw_buffer");
  EXPECT_THAT(listener.filter_chains[0].match.application_protocols, ElementsAre("http/1.1", "h2c"));
  EXPECT_EQ(std::get<model::HttpConnection>(listener.filter_chains[0].filter).route_table_name, "9080");
  EXPECT_EQ(default_of(listener), "PassthroughCluster");
}

TEST(PortListener, WaitsOnlyShortlyForAClientThatMayLetTheServerSpeakFirst) {
  const auto listener = make_port_listener({.port = 9080, .has_routes = true});
  EXPECT_TRUE(listener.inspect_http);
  EXPECT_TRUE(listener.inspect_tls);
  EXPECT_EQ(listener.inspect_timeout, kServerFirstWait);
  EXPECT_TRUE(listener.continue_on_inspect_timeout);
}

TEST(PortListener, DoesNotGuessForServicesThatDeclareHttp) {
  const auto listener =
      make_port_listener({.port = 80, .has_routes = true, .http_addresses = {testing::ip("10.0.0.1")}});
  ASSERT_EQ(listener.filter_chains.size(), 2U);
  EXPECT_EQ(listener.filter_chains[0].match.destination_ranges[0].to_string(), "10.0.0.1/32");
  EXPECT_TRUE(listener.filter_chains[0].match.application_protocols.empty());
}

TEST(PortListener, ServesGrpcWebAtTheAddressesOfThatProtocol) {
  const auto listener = make_port_listener({.port = 80,
                                            .has_routes = true,
                                            .http_addresses = {testing::ip("10.0.0.1")},
                                            .grpc_web_addresses = {testing::ip("10.0.0.2")}});
  std::vector<std::string> served;
  for (const model::FilterChain& chain : listener.filter_chains) {
    const auto& http = std::get<model::HttpConnection>(chain.filter);
    EXPECT_EQ(http.route_table_name, "80");
    if (http.grpc_web) served.push_back(chain.match.destination_ranges[0].to_string());
  }
  EXPECT_THAT(served, ElementsAre("10.0.0.2/32"));
}

TEST(PortListener, TellsTlsServicesWithoutAddressByServerName) {
  const auto listener = make_port_listener({.port = 443,
                                            .services = {{.l4 = l4("api.example"), .is_tls = true, .ranges = {}},
                                                         {.l4 = l4("*.b.example"), .is_tls = true, .ranges = {}}}});
  ASSERT_EQ(listener.filter_chains.size(), 2U);
  EXPECT_THAT(listener.filter_chains[0].match.server_names, ElementsAre("api.example"));
  EXPECT_EQ(cluster_of(listener.filter_chains[0]), "outbound|443||api.example");
  EXPECT_THAT(listener.filter_chains[1].match.server_names, ElementsAre("*.b.example"));
  EXPECT_TRUE(listener.inspect_tls);
  EXPECT_FALSE(listener.inspect_http);
}

TEST(PortListener, TellsServicesByTheirAddressRanges) {
  const auto listener = make_port_listener(
      {.port = 5432,
       .services = {{.l4 = l4("db"), .is_tls = false, .ranges = {CidrBlock::parse("10.8.0.0/16").value()}}}});
  ASSERT_EQ(listener.filter_chains.size(), 1U);
  EXPECT_EQ(listener.filter_chains[0].match.destination_ranges[0].to_string(), "10.8.0.0/16");
  EXPECT_FALSE(listener.inspect_tls) << "nothing depends on the first bytes";
}

TEST(PortListener, GivesTheWholePortToATcpServiceWithoutAddress) {
  const auto listener = make_port_listener({.port = 5432, .services = {{.l4 = l4("db")}, {.l4 = l4("later")}}});
  EXPECT_EQ(default_of(listener), "outbound|5432||db");
}

TEST(ServiceListener, SendsOpaqueBytesToTheServiceAndNotWhereTheyWereBoundFor) {
  const auto listener = make_service_listener(service(AppProtocol::kTcp));
  EXPECT_EQ(listener.name, "10.0.0.1_3306");
  EXPECT_EQ(listener.more_addresses[0].to_string(), "[2001:2::1]:3306");
  EXPECT_TRUE(listener.filter_chains.empty());
  EXPECT_EQ(default_of(listener), "outbound|3306||db");
  EXPECT_FALSE(listener.inspect_tls) << "a server may speak first, at once";
}

TEST(ServiceListener, TriesHttpOnAPortOfUnknownProtocol) {
  const auto listener = make_service_listener(service(AppProtocol::kAuto));
  ASSERT_EQ(listener.filter_chains.size(), 1U);
  EXPECT_EQ(std::get<model::HttpConnection>(listener.filter_chains[0].filter).route_table_name, "3306");
  EXPECT_EQ(default_of(listener), "outbound|3306||db");
  EXPECT_EQ(listener.inspect_timeout, kServerFirstWait);
}

TEST(ServiceListener, RoutesTlsByServerNameAndWaitsForTheClientThatOpens) {
  const auto listener =
      make_service_listener(service(AppProtocol::kTls, {tls_rule("A.example", "a"), tls_rule("a.example", "late")}));
  ASSERT_EQ(listener.filter_chains.size(), 1U) << "the earlier of two equal rules counts";
  EXPECT_THAT(listener.filter_chains[0].match.server_names, ElementsAre("a.example"));
  EXPECT_EQ(listener.filter_chains[0].match.transport_protocol, "tls");
  EXPECT_EQ(cluster_of(listener.filter_chains[0]), "outbound|3306||a");
  EXPECT_GT(listener.inspect_timeout, kServerFirstWait);
}

TEST(ServiceListener, SplitsTcpByWeight) {
  model::L4Rule split;
  split.destinations = {testing::to("db", "v1", 9), testing::to("db", "v2", 1), testing::to("db", "v3", 0)};
  const auto listener = make_service_listener(service(AppProtocol::kTcp, {split}));
  const auto& clusters = std::get<model::TcpProxy>(listener.default_filter_chain->filter).clusters;
  ASSERT_EQ(clusters.size(), 2U);
  EXPECT_EQ(clusters[0].cluster, "outbound|3306|v1|db");
  EXPECT_EQ(clusters[0].weight, 9U);
}

TEST(ServiceListener, IgnoresRulesForOtherClients) {
  model::L4Rule foreign;
  foreign.conditions = {
      {.server_names = {}, .destinations = {}, .scope = {.source_labels = {}, .source_namespace = "other"}}};
  foreign.destinations = {testing::to("foreign")};
  EXPECT_EQ(default_of(make_service_listener(service(AppProtocol::kTcp, {foreign}))), "outbound|3306||db");
}

}  // namespace
}  // namespace ripstop::translate
