// Two sidecars in one worker: the outbound listener of one leads over mutual TLS to the inbound listener of the other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/tls/test_certificates.h"
#include "proxy/testing/http2_peers.h"

namespace ripstop::proxy {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Http2Answer;
using testing::Http2Client;
using testing::Http2Upstream;
using ::testing::Not;
using testing::OneWorker;
using testing::route_all_to;
using testing::ScriptedUpstream;
using ::testing::StartsWith;
using testing::turn_until;
using Alpn = std::vector<std::string>;
using protocol::Version;

constexpr char kOk[] = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
constexpr char kGet[] = "GET /a HTTP/1.1\r\nhost: reviews:9080\r\n\r\n";

class Sidecars : public ::testing::Test {
 protected:
  Sidecars() {
    const auto own = authority_.issue("spiffe://cluster.local/ns/default/sa/reviews");
    model::Secret roots{.name = "ROOTCA", .trusted_roots_pem = authority_.root_pem()};
    EXPECT_TRUE(one_.secrets.set(roots));
    EXPECT_TRUE(one_.secrets.set_identity("default", own.certificate_pem, own.key));
  }

  // Where a client of the application at `application` connects to.
  SocketAddress mesh(SocketAddress application, const Alpn& offered, const Alpn& taken = {"istio-h2", "istio-http/1.1"},
                     model::UpstreamProtocol towards = model::UpstreamProtocol::kHttp1) {
    one_.add_cluster("application", {application},
                     [](model::Cluster& cluster) { cluster.protocol = model::UpstreamProtocol::kSameAsDownstream; });
    model::FilterChain chain;
    chain.tls = model::DownstreamTls{
        .secrets = {"default", "ROOTCA"}, .require_client_certificate = true, .alpn = taken, .peer_names = {}};
    auto http = route_all_to("application");
    http.upgrades = {"websocket"};
    chain.filter = std::move(http);
    const SocketAddress inbound = one_.listen(std::move(chain));
    one_.add_cluster("reviews", {inbound}, [&](model::Cluster& cluster) {
      cluster.protocol = towards;
      cluster.tls = model::UpstreamTls{.secrets = {"default", "ROOTCA"}, .sni = "x", .alpn = offered, .peer_names = {}};
    });
    auto outbound = route_all_to("reviews");
    outbound.upgrades = {"websocket"};
    return one_.listen(std::move(outbound));
  }

  // The versions in which requests reached the two sidecars, inbound first.
  std::vector<Version> versions() {
    std::vector<Version> all;
    for (const auto& line : one_.lines) all.push_back(line.version);
    return all;
  }

  net::testing::TestAuthority authority_;
  OneWorker one_;
};

TEST_F(Sidecars, SpeakHttp2AndTurnHttp1BackIntoItself) {
  ScriptedUpstream application;
  application.steps = {{"\r\n\r\n", kOk}, {"\r\n\r\n", kOk}};
  const SocketAddress address = mesh(application.address(), {"istio-h2", "istio-http/1.1"});
  EXPECT_THAT(one_.exchange(address, kGet, "ok"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(one_.exchange(address, kGet, "ok"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(application.received.at(0), StartsWith("GET /a HTTP/1.1\r\nhost: reviews:9080\r\n"));
  EXPECT_THAT(application.received, Each(Not(HasSubstr("x-ripstop"))));
  EXPECT_THAT(versions(), ElementsAre(Version::kHttp2, Version::kHttp11, Version::kHttp2, Version::kHttp11));
}

TEST_F(Sidecars, CarryHttp2ToAnApplicationThatIsCalledSo) {
  Http2Upstream application(Http2Upstream::echo);
  Http2Client client(one_, mesh(application.address(), {"istio-h2", "istio-http/1.1"}));
  const Http2Answer answer = client.ask(Http2Client::post("/"), "hello", {{"x-end", "1"}});
  EXPECT_EQ(answer.body, "hello");
  EXPECT_EQ(answer.trailers, "x-sum: 5\n");
  EXPECT_EQ(application.trailers, "x-end: 1\n");
  EXPECT_THAT(application.heads, Each(Not(HasSubstr("x-ripstop"))));
}

TEST_F(Sidecars, ShareAConnection) {
  Http2Upstream application(Http2Upstream::echo);
  Http2Client client(one_, mesh(application.address(), {"istio-h2", "istio-http/1.1"}));
  std::vector<Http2Answer> answers(40);
  for (Http2Answer& answer : answers) client.ask(Http2Client::post("/"), std::string(5000, 'x'), answer);
  EXPECT_TRUE(turn_until(one_, [&] { return std::ranges::all_of(answers, &Http2Answer::is_over); }));
  for (const Http2Answer& answer : answers) EXPECT_EQ(answer.body.size(), 5000U);
  EXPECT_EQ(one_.worker->open_connections(), 2U) << "the client's, and one between the sidecars";
}

TEST_F(Sidecars, FallBackToHttp1WhereTheOtherSpeaksNothingElse) {
  ScriptedUpstream application;
  application.steps = {{"\r\n\r\n", kOk}, {"\r\n\r\n", kOk}};
  const SocketAddress address = mesh(application.address(), {"istio-h2", "istio-http/1.1"}, {"istio-http/1.1"});
  EXPECT_THAT(one_.exchange(address, kGet, "ok"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(one_.exchange(address, kGet, "ok"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(versions(), Each(Version::kHttp11));
}

TEST_F(Sidecars, TellAnHttp1HopThatTheClientSpeaksHttp2) {
  Http2Upstream application(Http2Upstream::echo);
  Http2Client client(one_, mesh(application.address(), {"istio-h2", "istio-http/1.1"}, {"istio-http/1.1"}));
  const Http2Answer answer = client.ask(Http2Client::post("/", {{"te", "trailers"}}), "hello", {{"x-end", "1"}});
  EXPECT_EQ(answer.body, "hello");
  EXPECT_EQ(answer.trailers, "x-sum: 5\n");
  EXPECT_EQ(application.streams, 1);
}

TEST_F(Sidecars, KeepToHttp1WhereNothingElseIsOffered) {
  ScriptedUpstream application;
  application.steps = {{"\r\n\r\n", kOk}};
  EXPECT_THAT(one_.exchange(mesh(application.address(), {"istio-http/1.1"}), kGet, "ok"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(versions(), Each(Version::kHttp11));
}

TEST_F(Sidecars, UpgradeTheApplicationsProtocolWhereTheClusterSaysSo) {
  Http2Upstream application(Http2Upstream::echo);
  const SocketAddress address =
      mesh(application.address(), {"istio-h2"}, {"istio-h2"}, model::UpstreamProtocol::kHttp2);
  EXPECT_THAT(one_.exchange(address, kGet, "\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(application.streams, 1);
}

TEST_F(Sidecars, CarryAWebSocket) {
  ScriptedUpstream application;
  application.steps = {
      {"\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nhi"},
      {"ping", "pong", true}};
  const SocketAddress address = mesh(application.address(), {"istio-h2", "istio-http/1.1"});
  const std::string answer =
      one_.exchange(address, "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nping");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 101 "));
  EXPECT_THAT(answer, ::testing::EndsWith("hipong"));
}

TEST_F(Sidecars, BelieveOnlyEachOther) {
  Http2Upstream application(Http2Upstream::echo);
  one_.add_cluster("application", {application.address()},
                   [](model::Cluster& cluster) { cluster.protocol = model::UpstreamProtocol::kSameAsDownstream; });
  Http2Client client(one_, one_.listen(route_all_to("application")));
  const Http2Answer answer = client.ask(Http2Client::get("/", {{"x-ripstop-version", "1.1"}}));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(application.streams, 1);
  EXPECT_THAT(application.heads, Each(Not(HasSubstr("x-ripstop"))));
}

}  // namespace
}  // namespace ripstop::proxy
