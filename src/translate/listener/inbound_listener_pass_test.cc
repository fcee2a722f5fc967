#include "translate/listener/inbound_listener_pass.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "translate/listener/filters.h"
#include "translate/testing/bookinfo.h"

namespace ripstop::translate {
namespace {

using model::AppProtocol;
using model::MtlsMode;
using ::testing::ElementsAre;

InboundInput machine(AppProtocol protocol, MtlsMode mode) {
  InboundInput input;
  input.ports = {{.number = 9080,
                  .listens = SocketAddress{IpAddress::loopback_v4(), 20001},
                  .protocol = protocol,
                  .mtls = mode,
                  .service_host = "reviews.default.svc.cluster.local",
                  .service_name = "reviews",
                  .service_ns = "default"}};
  input.trust_domain = "cluster.local";
  return input;
}

// One word per chain: mesh TLS or plain, http or tcp, and for which transport and protocols.
std::vector<std::string> chains(const model::Listener& listener) {
  std::vector<std::string> all;
  for (const model::FilterChain& chain : listener.filter_chains) {
    std::string text = chain.tls ? "mtls " : "plain ";
    text += std::holds_alternative<model::HttpConnection>(chain.filter) ? "http" : "tcp";
    if (!chain.match.transport_protocol.empty()) text += " " + chain.match.transport_protocol;
    for (const auto& protocol : chain.match.application_protocols) text += " " + protocol;
    all.push_back(text);
  }
  return all;
}

std::vector<std::string> chains(AppProtocol protocol, MtlsMode mode) {
  return chains(make_inbound(machine(protocol, mode)).listeners.front());
}

TEST(InboundPass, SpeaksToTheApplicationAsItsClientDoes) {
  const auto protocol = [](AppProtocol port) {
    return make_inbound(machine(port, MtlsMode::kStrict)).clusters[0].protocol;
  };
  EXPECT_EQ(protocol(AppProtocol::kHttp), model::UpstreamProtocol::kSameAsDownstream);
  EXPECT_EQ(protocol(AppProtocol::kAuto), model::UpstreamProtocol::kSameAsDownstream);
  EXPECT_EQ(protocol(AppProtocol::kGrpc), model::UpstreamProtocol::kHttp2);
}

TEST(InboundPass, ServesGrpcWebWhereAPortSaysSo) {
  const auto serves_grpc_web = [](AppProtocol protocol) {
    const auto inbound = make_inbound(machine(protocol, MtlsMode::kPermissive));
    return std::ranges::all_of(inbound.listeners.front().filter_chains, [](const model::FilterChain& chain) {
      return std::get<model::HttpConnection>(chain.filter).grpc_web;
    });
  };
  EXPECT_TRUE(serves_grpc_web(AppProtocol::kGrpcWeb));
  EXPECT_FALSE(serves_grpc_web(AppProtocol::kGrpc));
  EXPECT_EQ(make_inbound(machine(AppProtocol::kGrpcWeb, MtlsMode::kStrict)).clusters[0].protocol,
            model::UpstreamProtocol::kHttp2);
}

TEST(InboundPass, TakesNothingButMeshTlsWhenStrict) {
  EXPECT_THAT(chains(AppProtocol::kHttp, MtlsMode::kStrict), ElementsAre("mtls http tls"));
  EXPECT_THAT(chains(AppProtocol::kTcp, MtlsMode::kStrict), ElementsAre("mtls tcp tls"));
  EXPECT_THAT(chains(AppProtocol::kAuto, MtlsMode::kStrict),
              ElementsAre("mtls http tls istio-h2 istio-http/1.1", "mtls tcp tls"));
}

TEST(InboundPass, TellsMeshTlsByItsAlpnWhenPermissive) {
  EXPECT_THAT(chains(AppProtocol::kHttp, MtlsMode::kPermissive),
              ElementsAre("mtls http tls istio-h2 istio-http/1.1 istio", "plain http raw_buffer"));
  EXPECT_THAT(chains(AppProtocol::kTcp, MtlsMode::kPermissive),
              ElementsAre("mtls tcp tls istio-h2 istio-http/1.1 istio", "plain tcp tls", "plain tcp raw_buffer"));
  EXPECT_THAT(chains(AppProtocol::kAuto, MtlsMode::kPermissive),
              ElementsAre("mtls http tls istio-h2 istio-http/1.1", "mtls tcp tls istio", "plain tcp tls",
                          "plain http raw_buffer http/1.1 h2c", "plain tcp raw_buffer"));
}

TEST(InboundPass, OffersNoTlsWhenDisabled) {
  EXPECT_THAT(chains(AppProtocol::kHttp, MtlsMode::kDisable), ElementsAre("plain http"));
  EXPECT_THAT(chains(AppProtocol::kTcp, MtlsMode::kDisable), ElementsAre("plain tcp"));
  EXPECT_THAT(chains(AppProtocol::kAuto, MtlsMode::kDisable),
              ElementsAre("plain tcp tls", "plain http raw_buffer http/1.1 h2c", "plain tcp raw_buffer"));
}

TEST(InboundPass, AsksTheClientForACertificateOfTheTrustDomain) {
  const auto result = make_inbound(machine(AppProtocol::kHttp, MtlsMode::kStrict));
  const auto& tls = *result.listeners[0].filter_chains[0].tls;
  EXPECT_TRUE(tls.require_client_certificate);
  EXPECT_EQ(tls.secrets.certificate, "default");
  EXPECT_EQ(tls.secrets.trusted_roots, "ROOTCA");
  ASSERT_EQ(tls.peer_names.size(), 1U);
  EXPECT_EQ(tls.peer_names[0],
            (model::StringMatch{.kind = model::MatchKind::kPrefix, .text = "spiffe://cluster.local/"}));
}

TEST(InboundPass, LeadsToTheApplicationWithoutTimeOut) {
  const auto result = make_inbound(machine(AppProtocol::kHttp, MtlsMode::kStrict));
  ASSERT_EQ(result.clusters.size(), 1U);
  const model::Cluster& cluster = result.clusters[0];
  EXPECT_EQ(cluster.name, "inbound|9080||");
  EXPECT_TRUE(cluster.is_application);
  EXPECT_EQ(cluster.assignment->localities[0].endpoints[0].address.to_string(), "127.0.0.1:9080");
  EXPECT_EQ(cluster.service_host, "reviews.default.svc.cluster.local");

  const auto& http = std::get<model::HttpConnection>(result.listeners[0].filter_chains[0].filter);
  EXPECT_EQ(http.server_name, "ripstop");
  EXPECT_EQ(http.client_cert, model::ClientCertForwarding::kAppendForward);
  EXPECT_EQ(http.stream_idle_timeout, std::nullopt);
  const model::VirtualHost& host = http.inline_routes->virtual_hosts.at(0);
  EXPECT_EQ(http.inline_routes->name, "inbound|9080||");
  EXPECT_EQ(std::get<model::Forward>(host.routes[0].action).timeout, std::nullopt);
  EXPECT_EQ(host.retry->retries, 2U);
  EXPECT_EQ(host.retry->on, model::RetryOn::kResetBeforeRequest);
}

TEST(InboundPass, BindsEachPortOfAMachineWhereItsProxyListens) {
  const auto result = make_inbound(machine(AppProtocol::kHttp, MtlsMode::kStrict));
  ASSERT_EQ(result.listeners.size(), 1U);
  EXPECT_EQ(result.listeners[0].address.to_string(), "127.0.0.1:20001");
  EXPECT_TRUE(result.listeners[0].bind_to_port);
  EXPECT_EQ(result.listeners[0].direction, model::Direction::kInbound);
}

TEST(InboundPass, WaitsShortlyOnlyWhereAServerMaySpeakFirst) {
  const auto wait = [](AppProtocol protocol, MtlsMode mode) {
    const auto listener = make_inbound(machine(protocol, mode)).listeners.front();
    return listener.inspect_timeout == kServerFirstWait && listener.continue_on_inspect_timeout;
  };
  EXPECT_TRUE(wait(AppProtocol::kTcp, MtlsMode::kPermissive));
  EXPECT_TRUE(wait(AppProtocol::kAuto, MtlsMode::kDisable));
  EXPECT_FALSE(wait(AppProtocol::kTcp, MtlsMode::kStrict));
  EXPECT_FALSE(wait(AppProtocol::kHttp, MtlsMode::kPermissive));
  EXPECT_FALSE(make_inbound(machine(AppProtocol::kTcp, MtlsMode::kDisable)).listeners[0].inspect_tls);
}

TEST(InboundPass, CapturesEveryPortOfAPodAtOnePlace) {
  InboundInput pod = machine(AppProtocol::kHttp, MtlsMode::kDisable);
  pod.ports[0].listens.reset();
  pod.capture = SocketAddress{.ip = {}, .port = 15006};
  pod.other_mtls = MtlsMode::kStrict;
  const auto result = make_inbound(pod);
  ASSERT_EQ(result.listeners.size(), 1U);
  const model::Listener& listener = result.listeners[0];
  EXPECT_EQ(listener.name, "virtualInbound");
  EXPECT_TRUE(listener.read_original_dst);
  EXPECT_FALSE(listener.use_original_dst) << "handing over would reach the outbound listener of the same port";
  EXPECT_THAT(chains(listener),
              ElementsAre("plain tcp", "plain http", "mtls http tls istio-h2 istio-http/1.1", "mtls tcp tls"));
  EXPECT_EQ(listener.filter_chains[0].match.destination_port, 15006) << "no loop through the capture port";
  EXPECT_EQ(listener.filter_chains[1].match.destination_port, 9080);
  EXPECT_EQ(listener.filter_chains[2].match.destination_port, std::nullopt);
  EXPECT_EQ(result.clusters.back().name, "InboundPassthroughCluster");
}

}  // namespace
}  // namespace ripstop::translate
