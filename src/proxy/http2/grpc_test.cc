// gRPC through the proxy: statuses wherever they stand, deadlines, retries.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/testing/http2_peers.h"

namespace ripstop::proxy {
namespace {

using ::testing::HasSubstr;
using testing::Http2Answer;
using testing::Http2Client;
using testing::Http2Upstream;
using testing::OneWorker;
using testing::route_all_to;
using testing::turn_until;

void speak_http2(model::Cluster& cluster) {
  cluster.protocol = model::UpstreamProtocol::kHttp2;
}

net::FieldBlock call(const net::FieldBlock& more = {}) {
  net::FieldBlock head = Http2Client::post("/a.B/C", {{"content-type", "application/grpc"}, {"te", "trailers"}});
  head.add_all(more);
  return head;
}

runtime::Task<void> status_in_trailers(Http2Upstream& self, net::Http2StreamPtr stream) {
  self.heads.push_back(testing::text_of(stream->head()));
  const std::string body = co_await Http2Upstream::body_of(*stream);
  static_cast<void>(stream->write_head({{":status", "200"}, {"content-type", "application/grpc"}}));
  co_await stream->write_body(body, kNever);
  static_cast<void>(stream->end({{"grpc-status", "5"}, {"grpc-message", "no such thing"}}));
}

// Trailers only: UNAVAILABLE the first time, then OK.
runtime::Task<void> fail_first(Http2Upstream& self, net::Http2StreamPtr stream) {
  static_cast<void>(co_await Http2Upstream::body_of(*stream));
  const char* status = self.streams == 1 ? "14" : "0";
  static_cast<void>(
      stream->write_head({{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", status}}, true));
}

runtime::Task<void> trailers_only(net::Http2StreamPtr stream, const char* status) {
  static_cast<void>(
      stream->write_head({{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", status}}, true));
  co_return;
}

runtime::Task<void> unavailable(net::Http2StreamPtr stream, bool is_in_trailers) {
  if (!is_in_trailers) co_return co_await trailers_only(std::move(stream), "14");
  static_cast<void>(co_await Http2Upstream::body_of(*stream));
  static_cast<void>(stream->write_head({{":status", "200"}, {"content-type", "application/grpc"}}));
  static_cast<void>(stream->end({{"grpc-status", "14"}}));
}

runtime::Task<void> never_answer(Http2Upstream&, net::Http2StreamPtr stream) {
  co_await stream->closed().wait();
}

TEST(Grpc, CarriesTheStatusInTrailersAndReportsIt) {
  OneWorker one;
  Http2Upstream upstream(status_in_trailers);
  one.add_cluster("reviews", {upstream.address()}, speak_http2);
  Http2Client client(one, one.listen(route_all_to("reviews")));
  const Http2Answer answer = client.ask(call(), "message");
  EXPECT_EQ(answer.body, "message");
  EXPECT_EQ(answer.trailers, "grpc-status: 5\ngrpc-message: no such thing\n");
  EXPECT_THAT(upstream.heads.at(0), HasSubstr("te: trailers\n"));
  ASSERT_TRUE(turn_until(one, [&one] { return !one.lines.empty(); }));
  EXPECT_EQ(one.lines[0].grpc_status, 5U);
}

TEST(Grpc, RepeatsACallByItsStatus) {
  OneWorker one;
  Http2Upstream upstream(fail_first);
  one.add_cluster("reviews", {upstream.address()}, speak_http2);
  const auto http = route_all_to("reviews", [](model::Forward& forward) {
    forward.retry.emplace();
    forward.retry->retries = 1;
    forward.retry->on = model::RetryOn::kGrpcUnavailable;
    forward.retry->base_interval = std::chrono::milliseconds(1);
  });
  Http2Client client(one, one.listen(http));
  const Http2Answer answer = client.ask(call(), "message");
  EXPECT_THAT(answer.head, HasSubstr("grpc-status: 0\n"));
  EXPECT_EQ(upstream.streams, 2);
  ASSERT_TRUE(turn_until(one, [&one] { return !one.lines.empty(); }));
  EXPECT_EQ(one.lines[0].grpc_status, 0U);
  EXPECT_EQ(one.lines[0].attempts, 2U);
}

TEST(Grpc, EjectsAHostByTheStatusOfItsCalls) {
  for (const bool is_in_trailers : {false, true}) {
    OneWorker one;
    const auto fail_always = [is_in_trailers](Http2Upstream&, net::Http2StreamPtr stream) {
      return unavailable(std::move(stream), is_in_trailers);
    };
    Http2Upstream upstream(fail_always);
    one.add_cluster("reviews", {upstream.address()}, [](model::Cluster& cluster) {
      speak_http2(cluster);
      cluster.panic_percent = 0;
      cluster.outlier.emplace();
      cluster.outlier->consecutive_5xx = 3;
      cluster.outlier->max_ejection_percent = 100;
    });
    Http2Client client(one, one.listen(route_all_to("reviews")));
    for (int i = 0; i < 4; ++i) client.ask(call(), "message");
    EXPECT_EQ(upstream.streams, 3) << is_in_trailers;
    ASSERT_EQ(one.lines.size(), 4U);
    EXPECT_EQ(one.lines.back().details, "no_healthy_upstream");
  }
}

TEST(Grpc, RepeatsByEachOfTheStatusesThatAPolicyCanName) {
  const std::vector<std::pair<const char*, model::RetryOn>> conditions = {{"1", model::RetryOn::kGrpcCancelled},
                                                                          {"4", model::RetryOn::kGrpcDeadlineExceeded},
                                                                          {"8", model::RetryOn::kGrpcResourceExhausted},
                                                                          {"13", model::RetryOn::kGrpcInternal},
                                                                          {"14", model::RetryOn::kGrpcUnavailable}};
  for (const auto& [status, on] : conditions) {
    for (const auto& [other, other_on] : conditions) {
      OneWorker one;
      const auto answer = [text = other](Http2Upstream&, net::Http2StreamPtr stream) {
        return trailers_only(std::move(stream), text);
      };
      Http2Upstream upstream(answer);
      one.add_cluster("reviews", {upstream.address()}, speak_http2);
      const auto http = route_all_to("reviews", [&on](model::Forward& forward) {
        forward.retry.emplace();
        forward.retry->retries = 1;
        forward.retry->on = on;
        forward.retry->base_interval = std::chrono::milliseconds(1);
      });
      Http2Client client(one, one.listen(http));
      client.ask(call(), "message");
      EXPECT_EQ(upstream.streams, on == other_on ? 2 : 1) << status << " and " << other;
    }
  }
}

TEST(Grpc, KeepsTheCallersDeadlineWhereTheRouteAllowsIt) {
  OneWorker one;
  Http2Upstream upstream(never_answer);
  one.add_cluster("reviews", {upstream.address()}, speak_http2);
  const auto http =
      route_all_to("reviews", [](model::Forward& forward) { forward.grpc_timeout_max = Duration::zero(); });
  Http2Client client(one, one.listen(http));
  const Http2Answer answer = client.ask(call({{"grpc-timeout", "20m"}}), "message");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.head, HasSubstr("grpc-status: 4\n"));
  EXPECT_TRUE(turn_until(one, [&] { return upstream.connections[0]->active_streams() == 0; }));
}

TEST(Grpc, CutsTheCallersDeadlineToTheRoutesOwn) {
  OneWorker one;
  Http2Upstream upstream(never_answer);
  one.add_cluster("reviews", {upstream.address()}, speak_http2);
  const auto http = route_all_to(
      "reviews", [](model::Forward& forward) { forward.grpc_timeout_max = std::chrono::milliseconds(20); });
  Http2Client client(one, one.listen(http));
  EXPECT_THAT(client.ask(call({{"grpc-timeout", "1H"}}), "message").head, HasSubstr("grpc-status: 4\n"));
}

}  // namespace
}  // namespace ripstop::proxy
