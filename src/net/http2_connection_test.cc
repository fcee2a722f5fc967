#include "net/http2_connection.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

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

FieldBlock request(std::string_view path, std::string_view method = "POST") {
  return {{":method", method}, {":scheme", "http"}, {":authority", "test"}, {":path", path}};
}

// Sends back what it gets, and the sum of it in a trailer.
Task<void> echo(Http2StreamPtr stream) {
  size_t total = 0;
  static_cast<void>(stream->write_head({{":status", "200"}, {"x-path", *stream->head().find(":path")}}));
  while (true) {
    const auto bytes = co_await stream->read_body(soon());
    if (!bytes) co_return;
    if (bytes->empty()) break;
    total += bytes->size();
    const std::string copy(*bytes);
    stream->consume(copy.size());
    if (!co_await stream->write_body(copy, soon())) co_return;
  }
  static_cast<void>(stream->end({{"x-total", std::to_string(total)}}));
}

struct Answer {
  int status = 0;
  std::string body;
  std::string total;
  std::optional<Error> error;
};

Task<void> send_body(Http2Stream& stream, std::string body) {
  if (co_await stream.write_body(body, soon())) static_cast<void>(stream.end());
}

Task<void> exchange(Http2Connection& connection, std::string body, Answer& answer) {
  auto stream = connection.open(request("/echo"), body.empty());
  if (!stream) {
    answer.error = stream.error();
    co_return;
  }
  Scope sending;
  if (!body.empty()) sending.spawn(send_body(**stream, std::move(body)));
  if (Status head = co_await (*stream)->read_head(soon()); !head) {
    answer.error = head.error();
    co_return;
  }
  answer.status = (*stream)->status();
  while (true) {
    const auto bytes = co_await (*stream)->read_body(soon());
    if (!bytes) {
      answer.error = bytes.error();
      co_return;
    }
    if (bytes->empty()) break;
    answer.body += *bytes;
    (*stream)->consume(bytes->size());
  }
  answer.total = (*stream)->trailers().find("x-total").value_or("");
}

std::string pattern(size_t size) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * 7 % 26);
  return text;
}

class Http2 : public ::testing::TestWithParam<bool> {
 protected:
  StreamPair streams() { return GetParam() ? testing::make_tcp_pair(reactor_) : make_memory_streams(); }
  Reactor reactor_;
};
INSTANTIATE_TEST_SUITE_P(Transports, Http2, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "Tcp" : "Memory"; });

TEST_P(Http2, CarriesARequestAndAResponseWithTrailers) {
  StreamPair pair = streams();
  auto server = Http2Connection::server(std::move(pair.second), echo);
  auto client = Http2Connection::client(std::move(pair.first));
  Answer answer;
  Scope scope;
  scope.spawn(exchange(*client, "hello", answer));
  ASSERT_TRUE(run_all(reactor_, scope));
  ASSERT_FALSE(answer.error) << answer.error->message;
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "hello");
  EXPECT_EQ(answer.total, "5");
}

TEST_P(Http2, CarriesBodiesManyTimesLargerThanEveryWindow) {
  StreamPair pair = streams();
  Http2Options small;
  small.stream_window = 70000;
  small.connection_window = 100000;
  auto server = Http2Connection::server(std::move(pair.second), echo, small);
  auto client = Http2Connection::client(std::move(pair.first), small);
  const std::string body = pattern(3'000'000);
  std::vector<Answer> answers(3);
  Scope scope;
  for (Answer& answer : answers) scope.spawn(exchange(*client, body, answer));
  ASSERT_TRUE(run_all(reactor_, scope));
  for (const Answer& answer : answers) {
    ASSERT_FALSE(answer.error) << answer.error->message;
    EXPECT_EQ(answer.body, body);
    EXPECT_EQ(answer.total, "3000000");
  }
}

TEST_P(Http2, RunsMoreRequestsThanThePeerTakesAtOnce) {
  StreamPair pair = streams();
  Http2Options few;
  few.max_streams = 10;
  auto server = Http2Connection::server(std::move(pair.second), echo, few);
  auto client = Http2Connection::client(std::move(pair.first));
  std::vector<Answer> answers(500);
  Scope scope;
  for (size_t i = 0; i < answers.size(); ++i) scope.spawn(exchange(*client, pattern(i), answers[i]));
  ASSERT_TRUE(run_all(reactor_, scope));
  for (size_t i = 0; i < answers.size(); ++i) {
    ASSERT_FALSE(answers[i].error) << i << ": " << answers[i].error->message;
    EXPECT_EQ(answers[i].body, pattern(i));
  }
  EXPECT_EQ(client->active_streams(), 0U);
  EXPECT_TRUE(client->can_open());
}

}  // namespace
}  // namespace ripstop::net
