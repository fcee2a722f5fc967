// Active health checks of real sockets, and what a worker makes of them.
#include "proxy/health/health_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "grpc/health/v1/health.pb.h"
#include "protocol/grpc_frame.h"
#include "proxy/testing/http2_peers.h"

namespace ripstop::proxy {
namespace {

using ::testing::HasSubstr;
using testing::Http2Upstream;
using ::testing::IsEmpty;
using testing::OneWorker;
using ::testing::StartsWith;
using testing::turn_until;
using Health = ::grpc::health::v1::HealthCheckResponse;

constexpr std::string_view kGood = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
constexpr std::string_view kBad = "HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n";

// Answers each connection, once it has heard `expects`, with `answer`; with nothing when that is empty.
class Answering {
 public:
  Answering() : acceptor_(*runtime::Acceptor::listen({SocketAddress{IpAddress::loopback_v4(), 0}, {}})) {
    scope_.spawn(accept_all(*this));
  }
  [[nodiscard]] SocketAddress address() const { return *acceptor_.local_address(); }

  std::string expects = "\r\n\r\n";
  std::string answer{kGood};
  std::string heard;
  int asked = 0;

 private:
  static runtime::Task<void> accept_all(Answering& self) {
    for (;;) {
      auto fd = co_await self.acceptor_.accept();
      if (!fd) co_return;
      self.scope_.spawn(serve(self, net::make_tcp_stream(*runtime::Socket::adopt(std::move(*fd)))));
    }
  }
  static runtime::Task<void> serve(Answering& self, net::StreamPtr stream) {
    std::string got;
    char buffer[4096];
    while (!got.ends_with(self.expects)) {
      auto count = co_await net::read_some(*stream, buffer, kNever);
      if (!count || *count == 0) co_return;
      got.append(buffer, *count);
    }
    self.heard = got;
    ++self.asked;
    co_await net::write_all(*stream, self.answer, kNever);
    co_await net::read_some(*stream, buffer, kNever);
  }

  runtime::Acceptor acceptor_;
  runtime::Scope scope_;
};

model::HealthCheck every_millisecond(decltype(model::HealthCheck::probe) probe) {
  model::HealthCheck check;
  check.interval = std::chrono::milliseconds(1);
  check.timeout = std::chrono::seconds(20);
  check.probe = std::move(probe);
  return check;
}

model::HealthCheck by_http() {
  return every_millisecond(model::HttpHealthCheck{.host = {}, .path = "/ready?x=1", .expected = {}});
}

class ActiveChecks : public ::testing::Test {
 protected:
  void check(const std::vector<SocketAddress>& addresses, const model::HealthCheck& how) {
    one_.add_cluster("reviews", addresses, [&how](model::Cluster& cluster) {
      cluster.health_check = how;
      cluster.panic_percent = 0;
    });
    follow();
  }
  void follow() { checks_.follow(one_.store->clusters(), one_.store->assignments()); }

  [[nodiscard]] bool passes(const SocketAddress& address) const {
    for (const policy::HostRef& host : one_.worker->find_cluster("reviews")->hosts().hosts()) {
      if (host->endpoint->address == address) return !host->fails_checks;
    }
    return false;
  }
  bool until(const std::function<bool()>& condition) { return turn_until(one_, condition); }
  bool until_checked(uint64_t times) {
    return until([&] { return figures().success + figures().failure >= times; });
  }
  [[nodiscard]] HealthChecks::Figures figures() const {
    const auto all = checks_.figures();
    const auto found = all.find("reviews");
    return found == all.end() ? HealthChecks::Figures{} : found->second;
  }

  OneWorker one_;
  Random random_{1};
  std::unique_ptr<ApplicationDialer> dialer_ = *ApplicationDialer::open(-1);
  HealthChecks checks_{{random_, *dialer_},
                       [this](const std::string& cluster, std::shared_ptr<const policy::PassingHosts> passing) {
                         one_.worker->apply(cluster, std::move(passing));
                       }};
};

TEST_F(ActiveChecks, KeepRequestsFromAHostThatFails) {
  Answering good;
  Answering bad;
  bad.answer = kBad;
  check({good.address(), bad.address()}, by_http());
  EXPECT_FALSE(checks_.is_settled());
  EXPECT_FALSE(passes(good.address())) << "nothing is known yet";
  ASSERT_TRUE(until([&] { return checks_.is_settled(); }));
  EXPECT_TRUE(passes(good.address()));
  EXPECT_FALSE(passes(bad.address()));
  EXPECT_THAT(good.heard, StartsWith("GET /ready?x=1 HTTP/1.1\r\n"));
  EXPECT_THAT(good.heard, HasSubstr("reviews\r\n")) << "the cluster's name where no host is given";

  bad.answer = kGood;
  EXPECT_TRUE(until([&] { return passes(bad.address()); }));
  good.answer = kBad;
  EXPECT_TRUE(until([&] { return !passes(good.address()); })) << "a host that says no is believed at once";
  EXPECT_EQ(figures().healthy, 1U);
  EXPECT_EQ(figures().network_failure, 0U);
}

TEST_F(ActiveChecks, AnswerClientsWhoseHostsAllFail) {
  Answering upstream;
  upstream.answer = kBad;
  check({upstream.address()}, by_http());
  const SocketAddress address = one_.listen(testing::route_all_to("reviews"));
  ASSERT_TRUE(until_checked(2));
  const std::string get = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
  EXPECT_THAT(one_.exchange(address, get), StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(one_.lines.back().details, "no_healthy_upstream");
  upstream.answer = kGood;
  ASSERT_TRUE(until([&] { return passes(upstream.address()); }));
  EXPECT_THAT(one_.exchange(address, get), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ActiveChecks, TakeTheExpectedStatusesOnly) {
  Answering upstream;
  upstream.answer = "HTTP/1.1 204 No Content\r\n\r\n";
  model::HealthCheck how = by_http();
  check({upstream.address()}, how);
  ASSERT_TRUE(until_checked(1));
  EXPECT_FALSE(passes(upstream.address()));
  std::get<model::HttpHealthCheck>(how.probe).expected = {{200, 204}, {204, 205}};
  std::get<model::HttpHealthCheck>(how.probe).host = "ready.example";
  check({upstream.address()}, how);
  EXPECT_TRUE(until([&] { return passes(upstream.address()); })) << "a changed cluster is checked anew";
  EXPECT_THAT(upstream.heard, HasSubstr("ready.example\r\n"));
}

TEST_F(ActiveChecks, AskOverHttp2WhereToldSo) {
  Http2Upstream upstream(Http2Upstream::echo);
  model::HealthCheck how = by_http();
  std::get<model::HttpHealthCheck>(how.probe).is_http2 = true;
  check({upstream.address()}, how);
  EXPECT_TRUE(until([&] { return passes(upstream.address()); }));
  EXPECT_THAT(upstream.heads.at(0), HasSubstr(":path: /ready?x=1\n"));
}

struct GrpcHealth {
  std::string status = "0";
  Health::ServingStatus serving = Health::SERVING;
  std::string asked;

  static runtime::Task<void> answer(GrpcHealth& self, Http2Upstream& upstream, net::Http2StreamPtr stream) {
    upstream.heads.push_back(testing::text_of(stream->head()));
    self.asked = co_await Http2Upstream::body_of(*stream);
    Health reply;
    reply.set_status(self.serving);
    const std::string message = reply.SerializeAsString();
    const auto prefix = protocol::grpc_prefix(static_cast<uint32_t>(message.size()));
    static_cast<void>(stream->write_head({{":status", "200"}, {"content-type", "application/grpc"}}));
    co_await stream->write_body(std::string(prefix.data(), prefix.size()) + message, kNever);
    static_cast<void>(stream->end({{"grpc-status", self.status}}));
  }
};

TEST_F(ActiveChecks, AskGrpcServersForTheirService) {
  GrpcHealth health;
  Http2Upstream upstream([&health](Http2Upstream& self, net::Http2StreamPtr stream) {
    return GrpcHealth::answer(health, self, std::move(stream));
  });
  check({upstream.address()}, every_millisecond(model::GrpcHealthCheck{.service = "a.B", .authority = "b.example"}));
  ASSERT_TRUE(until([&] { return passes(upstream.address()); }));
  EXPECT_THAT(upstream.heads.at(0), HasSubstr(":path: /grpc.health.v1.Health/Check\n"));
  EXPECT_THAT(upstream.heads.at(0), HasSubstr(":authority: b.example\n"));
  EXPECT_THAT(health.asked, ::testing::EndsWith("a.B"));
  health.serving = Health::NOT_SERVING;
  EXPECT_TRUE(until([&] { return !passes(upstream.address()); }));
  health.serving = Health::SERVING;
  EXPECT_TRUE(until([&] { return passes(upstream.address()); }));
  health.status = "5";
  EXPECT_TRUE(until([&] { return !passes(upstream.address()); })) << "a service that the server does not know";
}

TEST_F(ActiveChecks, LookForBytesInOrder) {
  Answering upstream;
  upstream.expects = "PING";
  upstream.answer = "-> +PONG, ok";
  check({upstream.address()}, every_millisecond(model::TcpHealthCheck{.send = "PING", .receive = {"PONG", "ok"}}));
  EXPECT_TRUE(until([&] { return passes(upstream.address()); }));
  Answering other;
  other.expects = "";
  check({other.address()}, every_millisecond(model::TcpHealthCheck{}));
  EXPECT_TRUE(until([&] { return passes(other.address()); })) << "to be connected is enough";
}

TEST_F(ActiveChecks, CountSilenceTowardsTheThreshold) {
  Answering upstream;
  model::HealthCheck how = by_http();
  how.unhealthy_threshold = 3;
  check({upstream.address()}, how);
  ASSERT_TRUE(until([&] { return passes(upstream.address()); }));
  upstream.answer = "";
  how.timeout = std::chrono::milliseconds(1);
  check({upstream.address()}, how);
  ASSERT_TRUE(until([&] { return !passes(upstream.address()); }));
  EXPECT_GE(figures().network_failure, 3U);
}

TEST_F(ActiveChecks, FailAHostThatCannotBeReached) {
  SocketAddress nobody;
  {
    nobody = Answering().address();
  }
  check({nobody}, by_http());
  ASSERT_TRUE(until_checked(2));
  EXPECT_FALSE(passes(nobody));
  EXPECT_GE(figures().network_failure, 2U);
}

TEST_F(ActiveChecks, AskAtAnotherPortWhereToldSo) {
  Answering side;
  Answering upstream;
  upstream.answer = kBad;
  model::HealthCheck how = by_http();
  how.alt_port = side.address().port;
  check({upstream.address()}, how);
  EXPECT_TRUE(until([&] { return passes(upstream.address()); }));
  EXPECT_EQ(upstream.asked, 0);
}

TEST_F(ActiveChecks, FollowTheConfiguration) {
  Answering first;
  Answering second;
  check({first.address()}, by_http());
  ASSERT_TRUE(until([&] { return passes(first.address()); }));
  check({second.address(), first.address()}, by_http());
  EXPECT_TRUE(passes(first.address())) << "what is known of a host stays";
  EXPECT_FALSE(passes(second.address()));
  ASSERT_TRUE(until([&] { return passes(second.address()); }));
  check({second.address()}, by_http());
  check({second.address(), first.address()}, by_http());
  EXPECT_FALSE(passes(first.address())) << "a host that comes back is a new one";
  one_.add_cluster("reviews", {first.address()});
  follow();
  EXPECT_TRUE(passes(first.address())) << "nobody is checked any more";
  EXPECT_THAT(checks_.figures(), IsEmpty());
  EXPECT_TRUE(checks_.is_settled());
}

}  // namespace
}  // namespace ripstop::proxy
