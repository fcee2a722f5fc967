// gRPC-Web clients of both versions of HTTP in front of a gRPC server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "protocol/grpc_frame.h"
#include "proxy/testing/http2_peers.h"

namespace ripstop::proxy {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::Http2Answer;
using testing::Http2Client;
using testing::Http2Upstream;
using ::testing::Not;
using testing::OneWorker;
using ::testing::StartsWith;

constexpr std::string_view kOk = "grpc-status:0\r\ngrpc-message:fine\r\n";

std::string frame(std::string_view message, char flags = 0) {
  auto prefix = protocol::grpc_prefix(static_cast<uint32_t>(message.size()));
  prefix[0] = flags;
  return std::string(prefix.data(), prefix.size()).append(message);
}

std::string last_frame(std::string_view trailers = kOk) {
  return frame(trailers, '\x80');
}

runtime::Task<void> echo(Http2Upstream& self, net::Http2StreamPtr stream) {
  self.heads.push_back(testing::text_of(stream->head()));
  const std::string body = co_await Http2Upstream::body_of(*stream);
  static_cast<void>(stream->write_head({{":status", "200"}, {"content-type", "application/grpc"}}));
  co_await stream->write_body(body, kNever);
  static_cast<void>(stream->end({{"grpc-status", "0"}, {"grpc-message", "fine"}}));
}

runtime::Task<void> trailers_only(Http2Upstream& self, net::Http2StreamPtr stream) {
  const char* status = self.streams == 1 ? "14" : "5";
  static_cast<void>(
      stream->write_head({{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", status}}, true));
  co_return;
}

runtime::Task<void> no_grpc(Http2Upstream&, net::Http2StreamPtr stream) {
  static_cast<void>(stream->write_head({{":status", "502"}, {"content-type", "text/html"}}));
  co_await stream->write_body("sorry", kNever);
  static_cast<void>(stream->end());
}

runtime::Task<void> pour_messages(Http2Upstream&, net::Http2StreamPtr stream) {
  static_cast<void>(stream->write_head({{":status", "200"}, {"content-type", "application/grpc"}}));
  for (int i = 0; i < 100; ++i) co_await stream->write_body(frame(std::string(10'001, 'x')), kNever);
  static_cast<void>(stream->end({{"grpc-status", "0"}}));
}

class GrpcWeb : public ::testing::Test {
 protected:
  SocketAddress serve(Http2Upstream::Handler handler, const std::function<void(model::HttpConnection&)>& adjust = {}) {
    upstream_ = std::make_unique<Http2Upstream>(std::move(handler));
    // What the client speaks decides, and what a gRPC-Web client speaks is gRPC.
    one_.add_cluster("reviews", {upstream_->address()},
                     [](model::Cluster& cluster) { cluster.protocol = model::UpstreamProtocol::kSameAsDownstream; });
    model::HttpConnection http = testing::route_all_to("reviews");
    http.grpc_web = true;
    if (adjust) adjust(http);
    return one_.listen(std::move(http));
  }

  // By HTTP/1; the answer's head, and its content taken out of the chunks.
  std::string ask(SocketAddress address, std::string_view type, std::string_view body, std::string_view more = {}) {
    const std::string request =
        "POST /a.B/C HTTP/1.1\r\nhost: reviews\r\nconnection: close\r\ncontent-type: " + std::string(type) + "\r\n" +
        std::string(more) + "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
    const std::string heard = one_.exchange(address, request);
    const size_t end = heard.find("\r\n\r\n");
    content_.clear();
    std::string_view rest = std::string_view(heard).substr(std::min(heard.size(), end + 4));
    while (heard.find("chunked") < end && !rest.empty()) {
      const size_t line = rest.find("\r\n");
      const auto size = parse_number<size_t>(rest.substr(0, line), 16);
      if (!size || *size == 0) break;
      content_ += rest.substr(line + 2, *size);
      rest.remove_prefix(line + 2 + *size + 2);
    }
    return heard.substr(0, end);
  }

  static net::FieldBlock call(std::string_view type, const net::FieldBlock& more = {}) {
    net::FieldBlock head = Http2Client::post("/a.B/C", {{"content-type", type}});
    head.add_all(more);
    return head;
  }

  OneWorker one_;
  std::unique_ptr<Http2Upstream> upstream_;
  std::string content_;
};

TEST_F(GrpcWeb, SpeaksGrpcUpstreamForAnHttp1Client) {
  const SocketAddress address = serve(echo);
  const std::string head = ask(address, "application/grpc-web+proto", frame("hello"), "x-grpc-web: 1\r\n");
  EXPECT_THAT(head, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(head, HasSubstr("content-type: application/grpc-web+proto"));
  EXPECT_EQ(content_, frame("hello") + last_frame());
  const std::string& asked = upstream_->heads.at(0);
  EXPECT_THAT(asked, HasSubstr("content-type: application/grpc+proto\n"));
  EXPECT_THAT(asked, HasSubstr("te: trailers\n"));
  EXPECT_THAT(asked, HasSubstr("grpc-accept-encoding: identity,deflate,gzip\n"));
  ASSERT_EQ(one_.lines.size(), 1U);
  EXPECT_EQ(one_.lines[0].grpc_status, 0U);
}

TEST_F(GrpcWeb, SpeaksGrpcUpstreamForAnHttp2Client) {
  Http2Client client(one_, serve(echo));
  const Http2Answer answer = client.ask(call("application/grpc-web"), frame("hello"));
  EXPECT_THAT(answer.head, HasSubstr("content-type: application/grpc-web+proto\n"));
  EXPECT_EQ(answer.body, frame("hello") + last_frame());
  EXPECT_EQ(answer.trailers, "") << "a browser could not read them";
}

TEST_F(GrpcWeb, TakesAndGivesTextToWhoAcceptsIt) {
  const SocketAddress address = serve(echo);
  const std::string messages = frame("hello") + frame("world!");
  const std::string text = to_base64(frame("hello")) + to_base64(frame("world!"));
  const std::string head = ask(address, "application/grpc-web-text", text, "accept: application/grpc-web-text\r\n");
  EXPECT_THAT(head, HasSubstr("content-type: application/grpc-web-text+proto"));
  EXPECT_EQ(content_, text + to_base64(last_frame()));
  EXPECT_THAT(upstream_->heads.at(0), Not(HasSubstr("content-length")));

  EXPECT_THAT(ask(address, "application/grpc-web-text", to_base64(messages)), HasSubstr("application/grpc-web+proto"));
  EXPECT_EQ(content_, messages + last_frame());

  Http2Client client(one_, address);
  const Http2Answer answer =
      client.ask(call("application/grpc-web-text", {{"accept", "application/grpc-web-text"}}), to_base64(messages));
  EXPECT_EQ(answer.body, text + to_base64(last_frame()));
}

TEST_F(GrpcWeb, RefusesTextThatIsNoBase64) {
  const SocketAddress address = serve(echo);
  for (const std::string_view text : {"AAA", "AAAA====", "!!!!", "AAAAA", "AA=A"}) {
    const std::string head = ask(address, "application/grpc-web-text", text);
    EXPECT_THAT(head, HasSubstr("grpc-status: 13")) << text;
    EXPECT_THAT(head, HasSubstr("content-type: application/grpc-web+proto"));
    ASSERT_FALSE(one_.lines.empty());
    EXPECT_EQ(one_.lines.back().details, "grpc_web_text");
  }
}

TEST_F(GrpcWeb, RepeatsACallByItsStatusAndPassesTrailersOnlyOn) {
  const SocketAddress address = serve(trailers_only, [](model::HttpConnection& http) {
    model::RetryPolicy retry;
    retry.on = model::RetryOn::kGrpcUnavailable;
    retry.retries = 1;
    std::get<model::Forward>(http.inline_routes->virtual_hosts[0].routes[0].action).retry = retry;
  });
  const std::string text = to_base64(frame("hello"));
  const std::string head = ask(address, "application/grpc-web-text", text, "accept: application/grpc-web-text\r\n");
  EXPECT_THAT(head, HasSubstr("grpc-status: 5"));
  EXPECT_THAT(head, HasSubstr("content-type: application/grpc-web-text+proto"));
  EXPECT_EQ(content_, "");
  EXPECT_EQ(upstream_->streams, 2);
}

TEST_F(GrpcWeb, AnswersItselfInTheClientsForm) {
  const SocketAddress address = serve(echo, [](model::HttpConnection& http) {
    std::get<model::Forward>(http.inline_routes->virtual_hosts[0].routes[0].action).clusters[0].cluster = "nowhere";
  });
  const std::string head = ask(address, "application/grpc-web", frame("hello"));
  EXPECT_THAT(head, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(head, HasSubstr("grpc-status: 14"));
  EXPECT_THAT(head, HasSubstr("content-type: application/grpc-web+proto"));
}

TEST_F(GrpcWeb, LeavesEverythingElseAlone) {
  const SocketAddress address = serve(no_grpc);
  Http2Client client(one_, address);
  const Http2Answer answer = client.ask(call("application/grpc-web"), frame("hello"));
  EXPECT_EQ(answer.status, 502);
  EXPECT_EQ(answer.body, "sorry");
  EXPECT_THAT(answer.head, HasSubstr("content-type: text/html\n"));

  const SocketAddress plain = serve(echo, [](model::HttpConnection& http) { http.grpc_web = false; });
  Http2Client other(one_, plain);
  other.ask(call("application/grpc-web"), frame("hello"));
  EXPECT_THAT(upstream_->heads.at(0), HasSubstr("content-type: application/grpc-web\n"));
}

TEST_F(GrpcWeb, StreamsMoreThanItHolds) {
  const SocketAddress address = serve(pour_messages);
  Http2Client client(one_, address);
  const std::string one = to_base64(frame(std::string(10'001, 'x')));
  const auto head = call("application/grpc-web-text", {{"accept", "application/grpc-web-text"}});
  const Http2Answer answer = client.ask(head, to_base64(frame("go")));
  EXPECT_EQ(answer.body.size(), one.size() * 100 + to_base64(last_frame("grpc-status:0\r\n")).size());
  EXPECT_THAT(answer.body, StartsWith(one + one));
  EXPECT_THAT(answer.body, EndsWith(one + to_base64(last_frame("grpc-status:0\r\n"))));
  ask(address, "application/grpc-web", frame("go"));
  EXPECT_THAT(content_, EndsWith(std::string(100, 'x') + last_frame("grpc-status:0\r\n")));
}

}  // namespace
}  // namespace ripstop::proxy
