// Whole exchanges with HTTP/2 on one side or both.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/testing/http2_peers.h"

namespace ripstop::proxy {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::Http2Answer;
using testing::Http2Client;
using testing::Http2Upstream;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::OneWorker;
using testing::route_all_to;
using testing::ScriptedUpstream;
using ::testing::StartsWith;
using testing::turn_until;

constexpr char kOk[] = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

void speak_http2(model::Cluster& cluster) {
  cluster.protocol = model::UpstreamProtocol::kHttp2;
}

runtime::Task<void> refuse_first(Http2Upstream& self, net::Http2StreamPtr stream) {
  if (self.streams == 1) {
    stream->reset(net::Http2Code::kRefusedStream);
    co_return;
  }
  co_await Http2Upstream::echo(self, std::move(stream));
}

runtime::Task<void> never_answer(Http2Upstream&, net::Http2StreamPtr stream) {
  co_await stream->closed().wait();
}

TEST(Http2Downstream, ForwardsToHttp1) {
  OneWorker one;
  ScriptedUpstream upstream;
  upstream.steps = {{"\r\n\r\n", kOk}};
  one.add_cluster("reviews", {upstream.address()});
  Http2Client client(one, one.listen(route_all_to("reviews")));
  const Http2Answer answer = client.ask(Http2Client::get("/a?b=c", {{"cookie", "a=1"}, {"cookie", "b=2"}}));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "ok");
  EXPECT_THAT(answer.head, HasSubstr("content-length: 2\n"));
  EXPECT_THAT(upstream.received, ElementsAre("GET /a?b=c HTTP/1.1\r\nhost: reviews:9080\r\ncookie: a=1; b=2\r\n"
                                             "x-forwarded-proto: http\r\n\r\n"));
  ASSERT_TRUE(turn_until(one, [&one] { return !one.lines.empty(); }));
  EXPECT_EQ(one.lines[0].status, 200);
  EXPECT_EQ(one.lines[0].response_bytes, 2U);
}

TEST(Http2Downstream, CarriesContentOfUnknownLengthAndTrailersToHttp1) {
  OneWorker one;
  ScriptedUpstream upstream;
  upstream.steps = {{"hello\r\n0\r\nx-end: 1\r\n\r\n",
                     "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx-sum: 3\r\n\r\n"}};
  one.add_cluster("reviews", {upstream.address()});
  Http2Client client(one, one.listen(route_all_to("reviews")));
  const Http2Answer answer = client.ask(Http2Client::post("/"), "hello", {{"x-end", "1"}});
  EXPECT_EQ(answer.body, "abc");
  EXPECT_EQ(answer.trailers, "x-sum: 3\n");
  EXPECT_THAT(upstream.received.at(0), HasSubstr("transfer-encoding: chunked\r\n"));
  EXPECT_THAT(upstream.received[0], HasSubstr("5\r\nhello\r\n"));
}

TEST(Http2Downstream, PassesInterimHeadsAndAnswersWithoutContent) {
  OneWorker one;
  ScriptedUpstream upstream;
  upstream.steps = {{"\r\n\r\n", "HTTP/1.1 103 Early\r\nlink: x\r\n\r\nHTTP/1.1 204 No\r\n\r\n"},
                    {"\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n"}};
  one.add_cluster("reviews", {upstream.address()});
  Http2Client client(one, one.listen(route_all_to("reviews")));
  const Http2Answer none = client.ask(Http2Client::get("/"));
  EXPECT_THAT(none.interim, ElementsAre(103));
  EXPECT_EQ(none.status, 204);
  net::FieldBlock head{{":method", "HEAD"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}};
  const Http2Answer only_head = client.ask(head);
  EXPECT_EQ(only_head.status, 200);
  EXPECT_THAT(only_head.head, HasSubstr("content-length: 7\n"));
  EXPECT_THAT(only_head.body, IsEmpty());
}

TEST(Http2Downstream, ServesStreamsSideBySide) {
  OneWorker one;
  Http2Upstream upstream(Http2Upstream::echo);
  one.add_cluster("reviews", {upstream.address()}, speak_http2);
  Http2Client client(one, one.listen(route_all_to("reviews")));
  std::vector<Http2Answer> answers(50);
  for (size_t i = 0; i < answers.size(); ++i) client.ask(Http2Client::post("/"), std::string(i * 997, 'x'), answers[i]);
  EXPECT_TRUE(turn_until(one, [&] { return std::ranges::all_of(answers, &Http2Answer::is_over); }));
  for (size_t i = 1; i < answers.size(); ++i) EXPECT_EQ(answers[i].body.size(), i * 997);
  EXPECT_EQ(upstream.connections.size(), 1U);
  EXPECT_EQ(upstream.streams, 50);
}

TEST(Http2Downstream, ResetsWhatIsMalformed) {
  OneWorker one;
  one.add_cluster("empty", {});
  Http2Client client(one, one.listen(route_all_to("empty")));
  const Http2Answer answer = client.ask(Http2Client::get("/", {{"host", "other"}}));
  ASSERT_TRUE(answer.error);
  EXPECT_THAT(answer.error->message, HasSubstr("PROTOCOL_ERROR"));
  EXPECT_EQ(one.lines.at(0).details, "host_mismatch");
  EXPECT_EQ(client.ask(Http2Client::get("/a/%zz")).status, 400);
  EXPECT_EQ(one.lines.at(1).details, "path_escape");
  EXPECT_EQ(client.ask(Http2Client::get("/")).status, 503) << "the connection goes on";
}

TEST(Http2Downstream, AnswersGrpcInItsOwnWay) {
  OneWorker one;
  one.add_cluster("empty", {});
  Http2Client client(one, one.listen(route_all_to("empty")));
  const Http2Answer answer = client.ask(Http2Client::post("/a.B/C", {{"content-type", "application/grpc"}}), "x");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.head, HasSubstr("grpc-status: 14\n"));
  EXPECT_THAT(answer.head, HasSubstr("grpc-message: no healthy upstream\n"));
  EXPECT_THAT(answer.head, Not(HasSubstr("content-length")));
  EXPECT_THAT(answer.body, IsEmpty());
}

TEST(Http2Downstream, GivesUpTheUpstreamWhenTheClientResets) {
  OneWorker one;
  Http2Upstream upstream(never_answer);
  one.add_cluster("reviews", {upstream.address()}, speak_http2);
  Http2Client client(one, one.listen(route_all_to("reviews")));
  {
    auto stream = client.connection->open(Http2Client::get("/"), true);
    ASSERT_TRUE(turn_until(one, [&] { return upstream.streams == 1; }));
  }
  EXPECT_TRUE(turn_until(one, [&] { return upstream.connections[0]->active_streams() == 0; }));
  ASSERT_TRUE(turn_until(one, [&one] { return !one.lines.empty(); }));
  EXPECT_EQ(one.lines[0].flag, ResponseFlag::kDownstreamTermination);
}

TEST(Http2Downstream, ReportsRequestsWhoseConnectionBreaks) {
  OneWorker one;
  Http2Upstream upstream(never_answer);
  one.add_cluster("reviews", {upstream.address()}, speak_http2);
  Http2Client client(one, one.listen(route_all_to("reviews")));
  Http2Answer answer;
  client.ask(Http2Client::get("/"), {}, answer);
  ASSERT_TRUE(turn_until(one, [&] { return upstream.streams == 1; }));
  client.connection.reset();
  EXPECT_TRUE(turn_until(one, [&one] { return !one.lines.empty(); }));
  EXPECT_TRUE(turn_until(one, [&] { return upstream.connections[0]->active_streams() == 0; }));
  EXPECT_EQ(one.worker->counters().requests.value(), 0);
}

TEST(Http2Downstream, ResetsAnAnswerThatBreaksOff) {
  OneWorker one;
  ScriptedUpstream upstream;
  upstream.steps = {{"\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok", true}};
  one.add_cluster("reviews", {upstream.address()});
  Http2Client client(one, one.listen(route_all_to("reviews")));
  const Http2Answer answer = client.ask(Http2Client::get("/"));
  ASSERT_TRUE(answer.error) << "an answer that is not whole must not look so";
}

TEST(Http2Downstream, EndsInOrderWhenTheWorkerDrains) {
  OneWorker one;
  ScriptedUpstream upstream;
  upstream.steps = {{"\r\n\r\n", kOk}, {"\r\n\r\n", kOk}};
  one.add_cluster("reviews", {upstream.address()});
  Http2Client client(one, one.listen(route_all_to("reviews")));
  EXPECT_EQ(client.ask(Http2Client::get("/")).status, 200);
  one.worker->drain();
  EXPECT_TRUE(turn_until(one, [&] { return client.connection->is_draining(); }));
  EXPECT_TRUE(turn_until(one, [&] { return client.connection->closed().is_set(); }));
  EXPECT_FALSE(client.connection->failure());
  EXPECT_TRUE(turn_until(one, [&] { return one.worker->open_connections() == 0; }));
}

TEST(Http2Downstream, EndsInOrderWhenItIsOldEnough) {
  OneWorker one;
  Http2Upstream upstream(Http2Upstream::echo);
  one.add_cluster("reviews", {upstream.address()}, speak_http2);
  auto http = route_all_to("reviews");
  http.max_connection_duration = std::chrono::milliseconds(20);
  Http2Client client(one, one.listen(std::move(http)));
  EXPECT_TRUE(turn_until(one, [&] { return client.connection->closed().is_set(); }));
  EXPECT_FALSE(client.connection->failure());
}

TEST(Http2Upstream, ForwardsFromHttp1) {
  OneWorker one;
  Http2Upstream upstream(Http2Upstream::echo);
  one.add_cluster("reviews", {upstream.address()}, speak_http2);
  const SocketAddress address = one.listen(route_all_to("reviews"));
  const std::string answer =
      one.exchange(address,
                   "POST /a?b HTTP/1.1\r\nHost: Reviews\r\nX-One: 1\r\nte: trailers\r\nconnection: te\r\n"
                   "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx-end: 1\r\n\r\n",
                   "\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, EndsWith("5\r\nhello\r\n0\r\nx-sum: 5\r\n\r\n"));
  EXPECT_THAT(upstream.heads, ElementsAre(":method: POST\n:scheme: http\n:path: /a?b\n:authority: reviews\n"
                                          "x-one: 1\nx-forwarded-proto: http\nte: trailers\n"));
  EXPECT_EQ(upstream.trailers, "x-end: 1\n");
}

TEST(Http2Upstream, SharesOneConnection) {
  OneWorker one;
  Http2Upstream upstream(Http2Upstream::echo);
  one.add_cluster("reviews", {upstream.address()}, speak_http2);
  const SocketAddress address = one.listen(route_all_to("reviews"));
  runtime::Scope scope;
  std::vector<std::string> heard(20);
  for (std::string& each : heard) {
    scope.spawn(OneWorker::talk(address, "GET / HTTP/1.1\r\nhost: a\r\n\r\n", "\r\n\r\n", each));
  }
  ASSERT_TRUE(turn_until(one, [&scope] { return scope.size() == 0; }));
  for (const std::string& each : heard) EXPECT_THAT(each, StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(upstream.connections.size(), 1U);
}

TEST(Http2Upstream, OpensAnotherConnectionWhereTheFirstIsFull) {
  OneWorker one;
  net::Http2Options options;
  options.max_streams = 2;
  Http2Upstream upstream(never_answer, options);
  one.add_cluster("reviews", {upstream.address()}, speak_http2);
  Http2Client client(one, one.listen(route_all_to("reviews")));
  std::vector<Http2Answer> answers(2);
  for (Http2Answer& answer : answers) client.ask(Http2Client::get("/"), {}, answer);
  ASSERT_TRUE(turn_until(one, [&] { return upstream.streams == 2; }));
  std::vector<Http2Answer> more(2);
  for (Http2Answer& answer : more) client.ask(Http2Client::get("/"), {}, answer);
  EXPECT_TRUE(turn_until(one, [&] { return upstream.streams == 4; }));
  EXPECT_EQ(upstream.connections.size(), 2U);
  client.connection.reset();
}

TEST(Http2Upstream, RepeatsARefusedRequest) {
  OneWorker one;
  Http2Upstream upstream(refuse_first);
  one.add_cluster("reviews", {upstream.address()}, speak_http2);
  Http2Client client(one, one.listen(route_all_to("reviews")));
  EXPECT_EQ(client.ask(Http2Client::get("/")).status, 200);
  EXPECT_EQ(upstream.streams, 2);
  EXPECT_EQ(one.lines.at(0).attempts, 2U);
}

TEST(Http2Upstream, GoesOnElsewhereWhenTheServerSaysGoodbye) {
  OneWorker one;
  Http2Upstream upstream(Http2Upstream::echo);
  one.add_cluster("reviews", {upstream.address()}, speak_http2);
  Http2Client client(one, one.listen(route_all_to("reviews")));
  EXPECT_EQ(client.ask(Http2Client::get("/")).status, 200);
  upstream.connections[0]->drain();
  std::vector<Http2Answer> answers(20);
  for (Http2Answer& answer : answers) client.ask(Http2Client::post("/"), "x", answer);
  EXPECT_TRUE(turn_until(one, [&] { return std::ranges::all_of(answers, &Http2Answer::is_over); }));
  for (const Http2Answer& answer : answers) EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(upstream.connections.size(), 2U);
}

TEST(Http2Upstream, ReplacesADeadConnection) {
  OneWorker one;
  Http2Upstream upstream(Http2Upstream::echo);
  one.add_cluster("reviews", {upstream.address()}, speak_http2);
  Http2Client client(one, one.listen(route_all_to("reviews")));
  EXPECT_EQ(client.ask(Http2Client::get("/")).status, 200);
  upstream.connections[0].reset();
  EXPECT_EQ(client.ask(Http2Client::get("/")).status, 200);
  EXPECT_EQ(upstream.connections.size(), 2U);
}

TEST(Http2Upstream, TellsWhatTheStreamWasResetWith) {
  OneWorker one;
  Http2Upstream upstream([](Http2Upstream&, net::Http2StreamPtr stream) -> runtime::Task<void> {
    stream->reset(net::Http2Code::kInternalError);
    co_return;
  });
  one.add_cluster("reviews", {upstream.address()}, speak_http2);
  Http2Client client(one, one.listen(route_all_to("reviews")));
  EXPECT_EQ(client.ask(Http2Client::get("/")).status, 503);
  EXPECT_EQ(one.lines.at(0).flag, ResponseFlag::kUpstreamRemoteReset);
  EXPECT_THAT(one.lines[0].failure, HasSubstr("INTERNAL_ERROR"));
}

TEST(Http2Upstream, FailsAllWhoWaitForAConnectionThatCannotBeMade) {
  OneWorker one;
  const SocketAddress nobody =
      *runtime::Acceptor::listen({SocketAddress{IpAddress::loopback_v4(), 0}, {}})->local_address();
  one.add_cluster("reviews", {nobody}, speak_http2);
  Http2Client client(one, one.listen(route_all_to("reviews")));
  std::vector<Http2Answer> answers(5);
  for (Http2Answer& answer : answers) client.ask(Http2Client::get("/"), {}, answer);
  EXPECT_TRUE(turn_until(one, [&] { return std::ranges::all_of(answers, &Http2Answer::is_over); }));
  for (const Http2Answer& answer : answers) EXPECT_EQ(answer.status, 503);
}

TEST(Http2Upstream, FollowsTheClientWhereTheClusterSaysSo) {
  OneWorker one;
  Http2Upstream upstream(Http2Upstream::echo);
  ScriptedUpstream old;
  old.steps = {{"\r\n\r\n", kOk}};
  const auto same = [](model::Cluster& cluster) { cluster.protocol = model::UpstreamProtocol::kSameAsDownstream; };
  one.add_cluster("new", {upstream.address()}, same);
  one.add_cluster("old", {old.address()}, same);
  Http2Client client(one, one.listen(route_all_to("new")));
  EXPECT_EQ(client.ask(Http2Client::get("/")).status, 200);
  EXPECT_EQ(upstream.streams, 1);
  const std::string answer = one.exchange(one.listen(route_all_to("old")), "GET / HTTP/1.1\r\nhost: a\r\n\r\n", "ok");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
}

// A reader that stops stops the writer: no more than the windows' worth is under way.
TEST(Http2Exchange, HoldsTheUpstreamBackWhereTheClientDoesNotRead) {
  OneWorker one;
  size_t sent = 0;
  constexpr size_t kTotal = 8U << 20;
  Http2Upstream upstream(
      [&sent](Http2Upstream&, net::Http2StreamPtr stream) { return testing::pour(std::move(stream), kTotal, sent); });
  one.add_cluster("reviews", {upstream.address()}, speak_http2);
  Http2Client client(one, one.listen(route_all_to("reviews")));
  auto stream = client.connection->open(Http2Client::get("/"), true);
  ASSERT_TRUE(stream);
  for (int turn = 0; turn < 300; ++turn) one.reactor.run_once(std::chrono::milliseconds(1));
  EXPECT_LT(sent, size_t{2} << 20);
  size_t received = 0;
  runtime::Scope scope;
  scope.spawn(testing::swallow(**stream, received));
  EXPECT_TRUE(turn_until(one, [&scope] { return scope.size() == 0; }));
  EXPECT_EQ(received, kTotal);
}

TEST(Http2Exchange, AClientThatDoesNotReadHoldsUpNobodyElse) {
  OneWorker one;
  size_t sent = 0;
  Http2Upstream upstream([&sent](Http2Upstream& self, net::Http2StreamPtr stream) {
    const bool is_big = stream->head().find(":path") == "/big";
    return is_big ? testing::pour(std::move(stream), size_t{8} << 20, sent)
                  : Http2Upstream::echo(self, std::move(stream));
  });
  one.add_cluster("reviews", {upstream.address()}, speak_http2);
  const SocketAddress address = one.listen(route_all_to("reviews"));
  Http2Client greedy(one, address);
  std::vector<net::Http2StreamPtr> unread;
  for (int i = 0; i < 40; ++i) {
    auto stream = greedy.connection->open(Http2Client::get("/big"), true);
    ASSERT_TRUE(stream);
    unread.push_back(std::move(*stream));
  }
  // Until everything between the two is full.
  for (size_t before = SIZE_MAX; before != sent || sent == 0;) {
    before = sent;
    for (int turn = 0; turn < 50; ++turn) one.reactor.run_once(std::chrono::milliseconds(1));
  }
  Http2Client modest(one, address);
  EXPECT_EQ(modest.ask(Http2Client::post("/"), std::string(1000, 'x')).body.size(), 1000U);
  EXPECT_EQ(upstream.connections.size(), 1U) << "on the connection that the other one's answers fill";
}

TEST(Http2Exchange, CarriesBothDirectionsAtOnce) {
  OneWorker one;
  Http2Upstream upstream(
      [](Http2Upstream&, net::Http2StreamPtr stream) { return testing::ping_pong(std::move(stream)); });
  one.add_cluster("reviews", {upstream.address()}, speak_http2);
  Http2Client client(one, one.listen(route_all_to("reviews")));
  auto stream = client.connection->open(Http2Client::post("/"), false);
  ASSERT_TRUE(stream);
  std::string heard;
  runtime::Scope scope;
  scope.spawn(testing::converse(**stream, heard));
  EXPECT_TRUE(turn_until(one, [&scope] { return scope.size() == 0; }));
  EXPECT_EQ(heard, "012345678 bye");
}

}  // namespace
}  // namespace ripstop::proxy
