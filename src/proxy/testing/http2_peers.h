// A client and an upstream that speak HTTP/2, for tests with a OneWorker between them. Included by tests only.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/http2/http2_connection.h"
#include "proxy/testing/one_worker.h"

namespace ripstop::proxy::testing {

using net::FieldBlock;

// "name: value" lines.
inline std::string text_of(const FieldBlock& block) {
  std::string text;
  for (size_t i = 0; i < block.count(); ++i) {
    text.append(block.at(i).name).append(": ").append(block.at(i).value).append("\n");
  }
  return text;
}

struct Http2Answer {
  int status = 0;
  std::vector<int> interim;
  std::string head;
  std::string body;
  std::string trailers;
  std::optional<Error> error;
  bool is_over = false;
};

// Turns the worker's reactor until `condition` holds.
template <typename Condition>
bool turn_until(OneWorker& one, Condition condition) {
  for (int turn = 0; turn < 5'000; ++turn) {
    if (condition()) return true;
    one.reactor.run_once(std::chrono::milliseconds(5));
  }
  return condition();
}

class Http2Client {
 public:
  Http2Client(OneWorker& one, SocketAddress address, const net::Http2Options& options = {}) : one_(one) {
    scope_.spawn(open(*this, address, options));
    EXPECT_TRUE(turn_until(one, [this] { return connection != nullptr; }));
  }

  static FieldBlock get(std::string_view path, const FieldBlock& more = {}) {
    FieldBlock head{{":method", "GET"}, {":scheme", "http"}, {":authority", "reviews:9080"}, {":path", path}};
    head.add_all(more);
    return head;
  }
  static FieldBlock post(std::string_view path, const FieldBlock& more = {}) {
    FieldBlock head{{":method", "POST"}, {":scheme", "http"}, {":authority", "reviews:9080"}, {":path", path}};
    head.add_all(more);
    return head;
  }

  // Begins a request; its answer comes while the reactor turns.
  void ask(FieldBlock head, std::string body, Http2Answer& answer, FieldBlock trailers = {}) {
    scope_.spawn(exchange(*this, std::move(head), std::move(body), std::move(trailers), answer));
  }
  Http2Answer ask(FieldBlock head, std::string body = {}, FieldBlock trailers = {}) {
    Http2Answer answer;
    ask(std::move(head), std::move(body), answer, std::move(trailers));
    EXPECT_TRUE(turn_until(one_, [&answer] { return answer.is_over; })) << "no answer";
    return answer;
  }

  std::unique_ptr<net::Http2Connection> connection;

 private:
  static runtime::Task<void> open(Http2Client& self, SocketAddress address, net::Http2Options options) {
    auto socket = co_await runtime::connect({address, {}}, kNever);
    EXPECT_TRUE(socket);
    self.connection = net::Http2Connection::client(net::make_tcp_stream(std::move(*socket)), options);
  }

  static runtime::Task<void> send(net::Http2Stream& stream, std::string body, FieldBlock trailers) {
    if (co_await stream.write_body(body, kNever)) static_cast<void>(stream.end(std::move(trailers)));
  }

  static runtime::Task<void> exchange(Http2Client& self, FieldBlock head, std::string body, FieldBlock trailers,
                                      Http2Answer& answer) {
    const bool is_last = body.empty() && trailers.is_empty();
    auto stream = self.connection->open(head, is_last);
    if (!stream) {
      answer.error = stream.error();
      answer.is_over = true;
      co_return;
    }
    runtime::Scope sending;
    if (!is_last) sending.spawn(send(**stream, std::move(body), std::move(trailers)));
    co_await receive(**stream, answer);
    answer.is_over = true;
  }

  static runtime::Task<void> receive(net::Http2Stream& stream, Http2Answer& answer) {
    do {
      if (Status head = co_await stream.read_head(kNever); !head) {
        answer.error = head.error();
        co_return;
      }
      if (stream.is_interim()) answer.interim.push_back(stream.status());
    } while (stream.is_interim());
    answer.status = stream.status();
    answer.head = text_of(stream.head());
    for (;;) {
      const auto bytes = co_await stream.read_body(kNever);
      if (!bytes) {
        answer.error = bytes.error();
        co_return;
      }
      if (bytes->empty()) break;
      answer.body += *bytes;
      stream.consume(bytes->size());
    }
    answer.trailers = text_of(stream.trailers());
  }

  OneWorker& one_;
  runtime::Scope scope_;
};

class Http2Upstream {
 public:
  using Handler = std::function<runtime::Task<void>(Http2Upstream&, net::Http2StreamPtr)>;

  explicit Http2Upstream(Handler handler, const net::Http2Options& options = {})
      : handler_(std::move(handler)),
        options_(options),
        acceptor_(*runtime::Acceptor::listen({SocketAddress{IpAddress::loopback_v4(), 0}, {}})) {
    scope_.spawn(accept_all(*this));
  }
  [[nodiscard]] SocketAddress address() const { return *acceptor_.local_address(); }

  // Reads a whole body.
  static runtime::Task<std::string> body_of(net::Http2Stream& stream) {
    std::string body;
    for (;;) {
      const auto bytes = co_await stream.read_body(kNever);
      if (!bytes || bytes->empty()) co_return body;
      body += *bytes;
      stream.consume(bytes->size());
    }
  }
  // Answers with what came: head, body and trailers as text.
  static runtime::Task<void> echo(Http2Upstream& self, net::Http2StreamPtr stream) {
    self.heads.push_back(text_of(stream->head()));
    const std::string body = co_await body_of(*stream);
    self.trailers = text_of(stream->trailers());
    static_cast<void>(stream->write_head({{":status", "200"}, {"x-from", "upstream"}}));
    co_await stream->write_body(body.empty() ? "nothing" : body, kNever);
    static_cast<void>(stream->end({{"x-sum", std::to_string(body.size())}}));
  }

  std::vector<std::string> heads;
  std::string trailers;
  int streams = 0;
  std::vector<std::unique_ptr<net::Http2Connection>> connections;

 private:
  static runtime::Task<void> accept_all(Http2Upstream& self) {
    for (;;) {
      auto fd = co_await self.acceptor_.accept();
      if (!fd) co_return;
      auto socket = runtime::Socket::adopt(std::move(*fd));
      const auto serve = [&self](net::Http2StreamPtr stream) {
        ++self.streams;
        return self.handler_(self, std::move(stream));
      };
      self.connections.push_back(
          net::Http2Connection::server(net::make_tcp_stream(std::move(*socket)), serve, self.options_));
    }
  }

  Handler handler_;
  net::Http2Options options_;
  runtime::Acceptor acceptor_;
  runtime::Scope scope_;
};

// Sends `total` bytes, and says how many the stream has taken.
inline runtime::Task<void> pour(net::Http2StreamPtr stream, size_t total, size_t& sent) {
  static_cast<void>(stream->write_head({{":status", "200"}}));
  const std::string piece(size_t{16} << 10, 'x');
  while (sent < total) {
    if (!co_await stream->write_body(piece, kNever)) co_return;
    sent += piece.size();
  }
  static_cast<void>(stream->end());
}

// Reads an answer to its end.
inline runtime::Task<void> swallow(net::Http2Stream& stream, size_t& received) {
  if (!co_await stream.read_head(kNever)) co_return;
  for (;;) {
    const auto bytes = co_await stream.read_body(kNever);
    if (!bytes || bytes->empty()) co_return;
    received += bytes->size();
    stream.consume(bytes->size());
  }
}

// Answers each piece with itself while the request goes on.
inline runtime::Task<void> ping_pong(net::Http2StreamPtr stream) {
  static_cast<void>(stream->write_head({{":status", "200"}}));
  for (;;) {
    const auto bytes = co_await stream->read_body(kNever);
    if (!bytes || bytes->empty()) break;
    const std::string copy(*bytes);
    stream->consume(copy.size());
    co_await stream->write_body(copy, kNever);
  }
  co_await stream->write_body(" bye", kNever);
  static_cast<void>(stream->end());
}

// Sends a digit, waits for it to come back, and so on.
inline runtime::Task<void> converse(net::Http2Stream& stream, std::string& heard) {
  if (!co_await stream.read_head(kNever)) co_return;
  for (char digit = '0'; digit < '9'; ++digit) {
    co_await stream.write_body({&digit, 1}, kNever);
    const auto bytes = co_await stream.read_body(kNever);
    if (!bytes) co_return;
    heard += *bytes;
    stream.consume(bytes->size());
  }
  static_cast<void>(stream.end());
  const auto bytes = co_await stream.read_body(kNever);
  if (!bytes) co_return;
  heard += *bytes;
  stream.consume(bytes->size());
}

// Through a tunnel: hears "hi", says "ping", and hears the rest.
inline runtime::Task<void> talk_through(net::Http2Stream& stream, std::string& heard) {
  if (!co_await stream.read_head(kNever)) co_return;
  heard = std::to_string(stream.status()) + " ";
  bool has_spoken = false;
  for (;;) {
    const auto bytes = co_await stream.read_body(kNever);
    if (!bytes || bytes->empty()) co_return;
    heard += *bytes;
    stream.consume(bytes->size());
    if (!std::exchange(has_spoken, true)) co_await stream.write_body("ping", kNever);
  }
}

}  // namespace ripstop::proxy::testing
