// A client that speaks HTTP/2 to an application that speaks HTTP/1 alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "proxy/testing/http2_peers.h"

namespace ripstop::proxy {
namespace {

using ::testing::ElementsAre;
using testing::Http2Answer;
using testing::Http2Client;
using testing::OneWorker;
using testing::route_all_to;
using testing::turn_until;

constexpr char kOk[] = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

// An application that takes HTTP/2's preface for a strange request, as most that speak HTTP/1 alone do.
struct Http1Application {
  explicit Http1Application(std::string said) : refusal(std::move(said)) { scope.spawn(accept_all(*this)); }

  static runtime::Task<void> accept_all(Http1Application& self) {
    for (;;) {
      auto fd = co_await self.acceptor.accept();
      if (!fd) co_return;
      self.scope.spawn(serve(self, net::make_tcp_stream(std::move(*runtime::Socket::adopt(std::move(*fd))))));
    }
  }

  static runtime::Task<void> serve(Http1Application& self, net::StreamPtr stream) {
    std::string got;
    char buffer[4096];
    for (;;) {
      auto count = co_await net::read_some(*stream, buffer, kNever);
      if (!count || *count == 0) co_return;
      got.append(buffer, *count);
      if (got.starts_with("PRI")) {
        ++self.refused;
        if (!self.refusal.empty()) co_await net::write_all(*stream, self.refusal, kNever);
        co_return;
      }
      if (!got.ends_with("\r\n\r\n")) continue;
      self.heads.push_back(std::exchange(got, {}));
      co_await net::write_all(*stream, kOk, kNever);
    }
  }

  runtime::Acceptor acceptor = *runtime::Acceptor::listen({SocketAddress{IpAddress::loopback_v4(), 0}, {}});
  std::string refusal;
  int refused = 0;
  std::vector<std::string> heads;
  runtime::Scope scope;
};

void speak_as_the_client(model::Cluster& cluster) {
  cluster.protocol = model::UpstreamProtocol::kSameAsDownstream;
}

TEST(Http1Only, GetsWhatAnHttp2ClientAsks) {
  OneWorker one;
  Http1Application upstream("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
  one.add_cluster("reviews", {*upstream.acceptor.local_address()}, speak_as_the_client);
  Http2Client client(one, one.listen(route_all_to("reviews")));
  for (int i = 0; i < 3; ++i) {
    const Http2Answer answer = client.ask(Http2Client::get("/a"));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "ok");
  }
  EXPECT_EQ(upstream.refused, 1) << "it is not asked again and again";
  const std::string head = "GET /a HTTP/1.1\r\nhost: reviews:9080\r\nx-forwarded-proto: http\r\n\r\n";
  EXPECT_THAT(upstream.heads, ElementsAre(head, head, head));
  for (const auto& line : one.lines) EXPECT_EQ(line.attempts, 1U) << "nothing has been tried twice";
}

TEST(Http1Only, MayRefuseHttp2ByHangingUp) {
  OneWorker one;
  Http1Application upstream("");
  one.add_cluster("reviews", {*upstream.acceptor.local_address()}, speak_as_the_client);
  Http2Client client(one, one.listen(route_all_to("reviews")));
  EXPECT_EQ(client.ask(Http2Client::get("/a")).status, 200);
  EXPECT_EQ(client.ask(Http2Client::get("/b")).status, 200);
  EXPECT_EQ(upstream.refused, 2) << "its silence says nothing for sure";
}

TEST(Http1Only, IsFoundOutOnceForAllWhoWait) {
  OneWorker one;
  Http1Application upstream("HTTP/1.0 505 HTTP Version Not Supported\r\n\r\n");
  one.add_cluster("reviews", {*upstream.acceptor.local_address()}, speak_as_the_client);
  Http2Client client(one, one.listen(route_all_to("reviews")));
  std::vector<Http2Answer> answers(20);
  for (Http2Answer& answer : answers) client.ask(Http2Client::get("/a"), {}, answer);
  ASSERT_TRUE(turn_until(one, [&answers] { return std::ranges::all_of(answers, &Http2Answer::is_over); }));
  for (const Http2Answer& answer : answers) EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(upstream.refused, 1);
}

// Speaks HTTP/2, but says its first word only once a request has come.
struct SlowToSpeak {
  SlowToSpeak() { scope.spawn(serve(*this)); }

  static runtime::Task<void> serve(SlowToSpeak& self) {
    auto fd = co_await self.acceptor.accept();
    net::StreamPtr stream = net::make_tcp_stream(std::move(*runtime::Socket::adopt(std::move(*fd))));
    std::string got;
    char buffer[4096];
    for (int reads = 0; reads < 2; ++reads) {
      auto count = co_await net::read_some(*stream, buffer, kNever);
      if (!count) co_return;
      got.append(buffer, *count);
    }
    self.connection = net::Http2Connection::server(
        std::move(stream), [&self](net::Http2StreamPtr one) { return answer(self, std::move(one)); }, {}, got);
  }

  static runtime::Task<void> answer(SlowToSpeak& self, net::Http2StreamPtr stream) {
    ++self.requests;
    static_cast<void>(stream->write_head({{":status", "204"}}, true));
    co_return;
  }

  runtime::Acceptor acceptor = *runtime::Acceptor::listen({SocketAddress{IpAddress::loopback_v4(), 0}, {}});
  int requests = 0;
  std::unique_ptr<net::Http2Connection> connection;
  runtime::Scope scope;
};

TEST(Http1Only, IsNotWhoOnlyIsSlowToSpeak) {
  OneWorker one;
  SlowToSpeak upstream;
  one.add_cluster("reviews", {*upstream.acceptor.local_address()}, speak_as_the_client);
  Http2Client client(one, one.listen(route_all_to("reviews")));
  EXPECT_EQ(client.ask(Http2Client::get("/a")).status, 204);
  EXPECT_EQ(client.ask(Http2Client::get("/b")).status, 204);
  EXPECT_EQ(upstream.requests, 2);
}

TEST(Http1Only, IsNotSpokenToWhereHttp2WasConfigured) {
  OneWorker one;
  Http1Application upstream("220 mail.example ESMTP\r\n");
  one.add_cluster("reviews", {*upstream.acceptor.local_address()},
                  [](model::Cluster& cluster) { cluster.protocol = model::UpstreamProtocol::kHttp2; });
  Http2Client client(one, one.listen(route_all_to("reviews")));
  EXPECT_EQ(client.ask(Http2Client::get("/a")).status, 503);
  EXPECT_TRUE(upstream.heads.empty());
}

}  // namespace
}  // namespace ripstop::proxy
