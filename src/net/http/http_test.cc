#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/accept.h"
#include "net/http/http_client.h"
#include "net/http/http_server.h"
#include "net/net_testing.h"
#include "runtime/wait.h"

namespace ripstop::net {
namespace {

using runtime::Reactor;
using runtime::Scope;
using runtime::Task;
using testing::run_all;
using testing::run_until;
using testing::settle;
using testing::soon;

class Http : public ::testing::Test {
 protected:
  Http() : server_([this](const HttpRequest& request) { return handle(request); }, options()) {}
  static HttpServerOptions options() {
    HttpServerOptions options;
    options.max_body = 100'000;
    return options;
  }
  Task<HttpReply> handle(const HttpRequest& request) {
    ++requests_;
    if (request.path() == "/watch") {
      HttpReply reply;
      reply.stream = [this](HttpBodyWriter& writer) { return watch(writer); };
      co_return reply;
    }
    if (request.path() == "/break") co_return HttpReply{.fields = {{"x-bad", "a\r\nb: c"}}};
    if (request.path() == "/slow") co_await slow_.wait();
    HttpReply reply = http_text(
        200, std::string(request.method()) + " " + request.query("q").value_or("-") + " " + std::string(request.body));
    reply.fields.emplace_back("x-echo", request.header("x-echo").value_or("none"));
    co_return reply;
  }
  Task<Status> watch(HttpBodyWriter& writer) {
    struct Flag {
      bool& gone;
      ~Flag() { gone = true; }
    };
    const Flag flag{watch_ended_};
    for (int i = 0; i < 3; ++i) {
      if (Status sent = co_await writer.write("event " + std::to_string(i) + "\n"); !sent) co_return sent;
    }
    co_await more_.wait();
    co_return co_await writer.write("last\n");
  }
  StreamPtr connect() {
    StreamPair pair = make_memory_streams();
    server_.take(std::move(pair.second));
    return std::move(pair.first);
  }
  // What the server says to these bytes until it closes.
  std::string converse(std::string_view bytes) {
    std::string heard;
    scope_.spawn(talk(connect(), std::string(bytes), heard));
    EXPECT_TRUE(run_all(reactor_, scope_));
    return heard;
  }
  static Task<void> talk(StreamPtr stream, std::string bytes, std::string& heard) {
    EXPECT_TRUE(co_await write_all(*stream, bytes, soon()));
    stream->shutdown_write();
    char buffer[1000];
    while (true) {
      const auto count = co_await read_some(*stream, buffer, soon());
      if (!count || *count == 0) co_return;
      heard.append(buffer, *count);
    }
  }
  Result<HttpClientResponse> fetch(HttpClientRequest request) {
    Result<HttpClientResponse> out = fail(ErrorCode::kInternal, "not run");
    scope_.spawn(fetch_into(connect(), std::move(request), out));
    EXPECT_TRUE(run_all(reactor_, scope_));
    return out;
  }
  static Task<void> fetch_into(StreamPtr stream, HttpClientRequest request, Result<HttpClientResponse>& out) {
    out = co_await http_fetch(std::move(stream), std::move(request), soon(), 200'000);
  }

  Reactor reactor_;
  int requests_ = 0;
  bool watch_ended_ = false;
  runtime::Event more_;
  runtime::Event slow_;
  HttpServer server_;
  Scope scope_;
};

TEST_F(Http, ClientAndServerExchangeWholeMessages) {
  const auto response = fetch(
      {.method = "POST", .target = "/x?q=a%20b&r", .fields = {{"X-Echo", "yes"}}, .body = std::string(90'000, 'b')});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->field("x-echo"), "yes");
  EXPECT_EQ(response->body, "POST a b " + std::string(90'000, 'b') + "\n");
}

TEST_F(Http, ServesPipelinedRequestsInOrderOnOneConnection) {
  const std::string heard = converse(
      "GET /?q=1 HTTP/1.1\r\nhost: a\r\n\r\n"
      "POST /?q=2 HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
      "GET /?q=3 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\nGET /never HTTP/1.1\r\nhost: a\r\n\r\n");
  EXPECT_EQ(requests_, 3);
  const size_t first = heard.find("GET 1 \n");
  const size_t second = heard.find("POST 2 abc\n");
  const size_t third = heard.find("GET 3 \n");
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
  EXPECT_NE(third, std::string::npos);
  EXPECT_NE(heard.find("connection: close"), std::string::npos);
}

TEST_F(Http, RefusesWhatIsAmbiguousOrTooLargeAndCloses) {
  EXPECT_TRUE(converse("GET / HTTP/1.1\nhost: a\n\n").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(converse("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n")
                  .starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(converse("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100001\r\n\r\n").starts_with("HTTP/1.1 413 "));
  std::string chunks = "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
  for (int i = 0; i < 12; ++i) chunks += "2710\r\n" + std::string(10'000, 'x') + "\r\n";
  EXPECT_TRUE(converse(chunks).starts_with("HTTP/1.1 413 "));
  EXPECT_EQ(requests_, 0);
}

TEST_F(Http, NeverSendsAFieldThatWouldSplitTheReply) {
  const std::string heard = converse("GET /break HTTP/1.1\r\nhost: a\r\n\r\n");
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 500 ")) << heard;
  EXPECT_EQ(heard.find("b: c"), std::string::npos);
}

TEST_F(Http, HeadGetsTheLengthButNoBody) {
  const std::string heard = converse("HEAD / HTTP/1.1\r\nhost: a\r\n\r\n");
  EXPECT_NE(heard.find("content-length: 8\r\n"), std::string::npos) << heard;
  EXPECT_TRUE(heard.ends_with("\r\n\r\n"));
}

TEST_F(Http, AsksForTheBodyOnlyOfThoseWhoWait) {
  const std::string heard =
      converse("POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\nhi");
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")) << heard;
}

Task<void> follow(StreamPtr stream, std::string& heard, runtime::Event& enough, runtime::Event& more) {
  auto reader = co_await http_open(std::move(stream), {.target = "/watch"}, soon());
  EXPECT_TRUE(reader) << reader.error().message;
  while (heard.size() < 24) heard += *co_await (*reader)->read(soon());
  enough.set();
  co_await more.wait(soon());
  while (true) {
    const auto piece = co_await (*reader)->read(soon());
    EXPECT_TRUE(piece);
    if (!piece || piece->empty()) co_return;
    heard += *piece;
  }
}

TEST_F(Http, StreamsAReplyAsItIsWrittenAndEndsItProperly) {
  std::string heard;
  runtime::Event enough;
  runtime::Event more;
  scope_.spawn(follow(connect(), heard, enough, more));
  ASSERT_TRUE(run_until(reactor_, [&] { return enough.is_set(); }));
  EXPECT_EQ(heard, "event 0\nevent 1\nevent 2\n");
  more_.set();
  more.set();
  ASSERT_TRUE(run_all(reactor_, scope_));
  EXPECT_TRUE(heard.ends_with("last\n"));
}

TEST_F(Http, CancelsAStreamedReplyWhenItsClientGoesAway) {
  StreamPtr client = connect();
  ASSERT_EQ(client->try_write("GET /watch HTTP/1.1\r\nhost: a\r\n\r\n").state, Transfer::State::kDone);
  settle(reactor_);
  EXPECT_FALSE(watch_ended_);
  client = nullptr;
  EXPECT_TRUE(run_until(reactor_, [&] { return server_.connections() == 0; }));
  EXPECT_TRUE(watch_ended_);
}

TEST_F(Http, DrainEndsIdleConnectionsNowAndBusyOnesAfterTheirReply) {
  StreamPtr idle = connect();
  StreamPtr busy = connect();
  ASSERT_EQ(busy->try_write("GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").state, Transfer::State::kDone);
  settle(reactor_);
  EXPECT_EQ(server_.connections(), 2U);
  server_.drain();
  settle(reactor_);
  EXPECT_EQ(server_.connections(), 1U);
  slow_.set();
  settle(reactor_);
  EXPECT_EQ(server_.connections(), 0U);
  char buffer[1000];
  const Transfer reply = busy->try_read(buffer);
  EXPECT_NE(std::string_view(buffer, reply.bytes).find("connection: close"), std::string_view::npos);
}

Task<void> answer_with(StreamPtr stream, std::string bytes) {
  char buffer[1000];
  EXPECT_TRUE(co_await read_some(*stream, buffer, soon()));
  EXPECT_TRUE(co_await write_all(*stream, bytes, soon()));
}

TEST_F(Http, ClientTellsACutResponseFromAWholeOne) {
  const std::vector<std::pair<std::string, bool>> cases = {
      {"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", true},
      {"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nhello", false},
      {"HTTP/1.1 200 OK\r\n\r\nhello", true},
      {"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", true},
      {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", true},
      {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", false},
      {"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\nhello", false},
      {"HTTP/1.1 200", false},
      {"", false}};
  for (const auto& [bytes, is_whole] : cases) {
    StreamPair pair = make_memory_streams();
    Result<HttpClientResponse> out = fail(ErrorCode::kInternal, "not run");
    scope_.spawn(answer_with(std::move(pair.second), bytes));
    scope_.spawn(fetch_into(std::move(pair.first), {}, out));
    ASSERT_TRUE(run_all(reactor_, scope_));
    EXPECT_EQ(out.has_value(), is_whole) << bytes;
    if (out) EXPECT_EQ(out->body, "hello") << bytes;
  }
}

Task<void> fetch_over(runtime::Endpoint endpoint, Result<HttpClientResponse>& out) {
  auto stream = co_await connect_stream(std::move(endpoint), soon());
  if (!stream) {
    out = fail_with(stream);
    co_return;
  }
  out = co_await http_fetch(std::move(*stream), {.target = "/?q=net"}, soon());
}

TEST_F(Http, WorksOverTcpAndUnixSockets) {
  const std::string path = "@ripstop-http-test-" + std::to_string(getpid());
  for (const runtime::Endpoint& endpoint :
       {runtime::Endpoint{{IpAddress::loopback_v4(), 0}, {}}, runtime::Endpoint{{}, path}}) {
    auto acceptor = runtime::Acceptor::listen(endpoint);
    ASSERT_TRUE(acceptor) << acceptor.error().message;
    Scope accepting;
    accepting.spawn(accept_streams(*acceptor, [this](StreamPtr stream) { server_.take(std::move(stream)); }));
    runtime::Endpoint target = endpoint;
    if (endpoint.unix_path.empty()) target.address = *acceptor->local_address();
    Result<HttpClientResponse> out = fail(ErrorCode::kInternal, "not run");
    scope_.spawn(fetch_over(target, out));
    ASSERT_TRUE(run_all(reactor_, scope_));
    ASSERT_TRUE(out) << out.error().message;
    EXPECT_EQ(out->body, "GET net \n");
  }
}

}  // namespace
}  // namespace ripstop::net
