// The strictness table over real sockets: what a client, a worker and an upstream make of every row.
#include <gtest/gtest.h>

#include <functional>

#include "protocol/http1/body.h"
#include "protocol/http1/request_parser.h"
#include "protocol/http1/response_parser.h"
#include "protocol/http1/strictness_table.h"
#include "proxy/testing/one_worker.h"

namespace ripstop::proxy {
namespace {

using protocol::strictness::Case;
using protocol::strictness::Kind;
using protocol::strictness::Verdict;
using testing::OneWorker;
using testing::route_all_to;
using Outcome = Verdict::Outcome;

constexpr std::string_view kAddedField = "x-forwarded-proto: http\r\n";

// Reads what comes message by message, keeps every whole one, and answers each as soon as it is whole.
class RecordingUpstream {
 public:
  RecordingUpstream() : acceptor_(*runtime::Acceptor::listen({SocketAddress{IpAddress::loopback_v4(), 0}, {}})) {
    // The proxy adds to a head that is as large as it may be.
    rules_.limits.max_head *= 2;
    rules_.limits.max_fields *= 2;
    scope_.spawn(accept_all(*this));
  }
  [[nodiscard]] SocketAddress address() const { return *acceptor_.local_address(); }

  std::string received;  // whole messages only; content of each in a single chunk if chunked
  int messages = 0;
  bool is_broken = false;  // something came that is no message

 private:
  static runtime::Task<void> accept_all(RecordingUpstream& self) {
    for (;;) {
      auto fd = co_await self.acceptor_.accept();
      if (!fd) co_return;
      self.scope_.spawn(serve(self, net::make_tcp_stream(std::move(*runtime::Socket::adopt(std::move(*fd))))));
    }
  }

  static runtime::Task<void> serve(RecordingUpstream& self, net::StreamPtr stream) {
    std::string buffer;
    char chunk[4096];
    for (;;) {
      while (self.take_message(buffer)) {
        ++self.messages;
        co_await net::write_all(*stream, self.reply_, kNever);
      }
      auto got = co_await net::read_some(*stream, chunk, kNever);
      if (!got || *got == 0) co_return;
      buffer.append(chunk, *got);
    }
  }

  bool take_message(std::string& buffer) {
    if (buffer.empty()) return false;
    protocol::RequestParser parser(rules_);
    protocol::RequestHead head;
    const auto parsed = parser.parse(buffer, head);
    is_broken = is_broken || parsed.state == protocol::HeadResult::State::kFault;
    if (parsed.state != protocol::HeadResult::State::kDone) return false;
    protocol::BodyDecoder decoder(rules_.limits);
    decoder.reset(head.framing);
    std::string content;
    size_t at = parsed.consumed;
    while (!decoder.is_done() && at < buffer.size()) {
      const auto step = decoder.next(std::string_view(buffer).substr(at));
      is_broken = is_broken || step.state == protocol::BodyStep::State::kFault;
      if (is_broken) return false;
      content += step.data;
      at += step.consumed;
    }
    if (!decoder.is_done()) return false;
    received.append(buffer, 0, parsed.consumed);
    append_content(head.framing, content, decoder.trailers());
    reply_ =
        head.method_kind == protocol::Method::kConnect ? "HTTP/1.1 200 OK\r\n\r\n" : "HTTP/1.1 204 No Content\r\n\r\n";
    buffer.erase(0, at);
    return true;
  }

  void append_content(const protocol::BodyFraming& framing, const std::string& content,
                      const protocol::Fields& trailers) {
    if (framing.kind != protocol::BodyFraming::Kind::kChunked) {
      received += content;
      return;
    }
    if (!content.empty()) {
      received.append(protocol::ChunkPrefix(content.size()).text()).append(content).append(protocol::kChunkEnd);
    }
    received += protocol::kLastChunk;
    for (const protocol::Field field : trailers) {
      received.append(field.name).append(": ").append(field.value).append("\r\n");
    }
    received += "\r\n";
  }

  protocol::RequestRules rules_;
  runtime::Acceptor acceptor_;
  std::string reply_;
  runtime::Scope scope_;
};

// Sends, ends its side if it `ends`, and hears all that comes until the proxy closes. A reset shows in `was_reset`.
struct Client {
  std::string heard;
  bool was_reset = false;

  static runtime::Task<void> talk(Client& self, SocketAddress address, std::string_view bytes, bool ends) {
    auto socket = co_await runtime::connect({address, {}}, kNever);
    const net::StreamPtr stream = net::make_tcp_stream(std::move(*socket));
    co_await net::write_all(*stream, bytes, kNever);
    if (ends) stream->shutdown_write();
    char buffer[4096];
    for (;;) {
      auto got = co_await net::read_some(*stream, buffer, kNever);
      self.was_reset = !got;
      if (!got || *got == 0) co_return;
      self.heard.append(buffer, *got);
    }
  }

  void run(OneWorker& one, SocketAddress address, std::string_view bytes, bool ends) {
    runtime::Scope scope;
    scope.spawn(talk(*this, address, bytes, ends));
    for (int turn = 0; turn < 250 && scope.size() != 0; ++turn) one.reactor.run_once(std::chrono::milliseconds(20));
    EXPECT_EQ(scope.size(), 0U) << "the proxy did not close; heard: " << heard;
  }
};

model::HttpConnection strict_http() {
  model::HttpConnection http = route_all_to("upstream");
  http.codec = model::HttpCodec::kHttp1;  // else the preface of HTTP/2 begins HTTP/2
  const protocol::RequestRules rules;
  http.max_request_header_bytes = static_cast<uint32_t>(rules.limits.max_head);
  http.max_request_headers = static_cast<uint32_t>(rules.limits.max_fields);
  http.normalize_path = rules.path.normalize;
  http.merge_slashes = rules.path.merge_slashes;
  http.upgrades = {"websocket", "connect", "foo"};
  // "*" and the target of CONNECT are no paths.
  http.inline_routes->virtual_hosts[0].routes[0].match.path = {model::MatchKind::kPresent, ""};
  return http;
}

int count_of(std::string_view text, std::string_view part) {
  int count = 0;
  for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

int last_status(const std::string& heard) {
  const size_t at = ("\n" + heard).rfind("\nHTTP/1.1 ");
  return at == std::string::npos ? 0 : std::atoi(heard.c_str() + at + 9);
}

void check_request(const Case& row) {
  OneWorker one;
  RecordingUpstream upstream;
  one.add_cluster("upstream", {upstream.address()});
  Client client;
  const Outcome outcome = row.verdict.outcome;
  client.run(one, one.listen(strict_http()), row.bytes, outcome != Outcome::kReject);
  EXPECT_FALSE(upstream.is_broken) << upstream.received;
  EXPECT_EQ(count_of(upstream.received, kAddedField), upstream.messages);
  std::string forwarded = upstream.received;
  for (size_t at; (at = forwarded.find(kAddedField)) != std::string::npos;) forwarded.erase(at, kAddedField.size());

  if (outcome == Outcome::kAccept) {
    EXPECT_EQ(forwarded, row.verdict.forwarded);
    EXPECT_EQ(count_of(client.heard, "HTTP/1.1 20"), upstream.messages) << client.heard;
    EXPECT_GE(upstream.messages, row.verdict.forwarded.empty() ? 0 : 1);
    EXPECT_FALSE(client.was_reset);
  } else if (outcome == Outcome::kReject) {
    EXPECT_EQ(last_status(client.heard), row.verdict.status) << client.heard;
    EXPECT_NE(client.heard.find("connection: close\r\n"), std::string::npos) << client.heard;
    ASSERT_FALSE(one.lines.empty());
    EXPECT_EQ(one.lines.back().details, row.verdict.token);
    EXPECT_EQ(static_cast<int>(one.lines.size()), upstream.messages + 1)
        << "the refused message went on: " << forwarded;
  } else {
    EXPECT_EQ(count_of(client.heard, "HTTP/1.1 2"), upstream.messages) << client.heard;
    EXPECT_EQ(count_of(row.bytes, "HTTP/1.1\r\n") > upstream.messages || upstream.messages == 0, true) << forwarded;
  }
}

std::string_view request_for(Kind kind) {
  if (kind == Kind::kHeadResponse) return "HEAD / HTTP/1.1\r\nhost: a\r\n\r\n";
  if (kind == Kind::kConnectResponse) return "CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n";
  if (kind == Kind::kUpgradeResponse) {
    return "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
  }
  return "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
}

// Whether what is wrong with the row comes only behind its head, which has gone on by then.
bool has_good_head(const Case& row) {
  const protocol::RequestRules rules;
  protocol::ResponseParser parser(rules.limits);
  protocol::ResponseHead head;
  return parser.parse(row.bytes, {.request_method = protocol::Method::kGet}, head).state ==
         protocol::HeadResult::State::kDone;
}

// Takes out the one line that the proxy adds, whose value is a time.
std::string without_service_time(std::string heard) {
  constexpr std::string_view kName = "x-envoy-upstream-service-time: ";
  EXPECT_EQ(count_of(heard, kName), 1) << heard;
  const size_t at = heard.find(kName);
  if (at != std::string::npos) heard.erase(at, heard.find("\r\n", at) + 2 - at);
  return heard;
}

// A refused switch of protocols ends the connection: what the client sent in hope of it is nobody's request.
std::string with_close_where_refused(const Case& row) {
  std::string text(row.verdict.forwarded);
  const bool is_switch = row.kind == Kind::kUpgradeResponse || row.kind == Kind::kConnectResponse;
  const bool is_refused = is_switch && last_status(text) >= 200 && text.find("\r\n\r\n") != std::string::npos &&
                          (row.kind == Kind::kUpgradeResponse || last_status(text) >= 300);
  if (is_refused) text.insert(text.find("\r\n\r\n") + 2, "connection: close\r\n");
  return text;
}

void check_response(const Case& row) {
  OneWorker one;
  testing::ScriptedUpstream upstream;
  upstream.steps = {{"\r\n\r\n", std::string(row.bytes), true}};
  one.add_cluster("upstream", {upstream.address()});
  Client client;
  client.run(one, one.listen(strict_http()), request_for(row.kind), true);
  ASSERT_EQ(one.lines.size(), 1U);
  const Outcome outcome = row.verdict.outcome;
  if (outcome == Outcome::kAccept) {
    // What ends with the connection upstream is chunked for a client whose connection goes on.
    const bool is_until_close = row.name == "response until the connection ends";
    EXPECT_EQ(without_service_time(client.heard),
              is_until_close
                  ? "HTTP/1.1 200 OK\r\nX: y\r\ntransfer-encoding: chunked\r\n\r\nb\r\nall of this\r\n0\r\n\r\n"
                  : with_close_where_refused(row));
    EXPECT_FALSE(client.was_reset);
  } else if (outcome == Outcome::kReject && !has_good_head(row)) {
    EXPECT_EQ(last_status(client.heard), 502) << client.heard;
    EXPECT_EQ(one.lines[0].failure, row.verdict.token);
    EXPECT_EQ(one.lines[0].flag, ResponseFlag::kUpstreamProtocolError);
  } else {
    EXPECT_TRUE(client.was_reset) << "the client may take this for whole: " << client.heard;
    EXPECT_FALSE(client.heard.ends_with("0\r\n\r\n")) << client.heard;
    const bool is_fault = outcome == Outcome::kReject;
    EXPECT_EQ(one.lines[0].flag, is_fault ? ResponseFlag::kUpstreamProtocolError : ResponseFlag::kUpstreamTermination);
  }
}

int for_each_row(bool is_request, const std::function<void(const Case&)>& check) {
  int count = 0;
  for (const std::span<const Case> part : protocol::strictness::kTable) {
    for (const Case& row : part) {
      if ((row.kind == Kind::kRequest) != is_request) continue;
      SCOPED_TRACE(row.name);
      check(row);
      ++count;
    }
  }
  return count;
}

TEST(Strictness, EveryRequestOfTheTableIsJudgedOverARealConnection) {
  EXPECT_GE(for_each_row(true, check_request), 150);
}

TEST(Strictness, EveryResponseOfTheTableIsJudgedOverARealConnection) {
  EXPECT_GE(for_each_row(false, check_response), 50);
}

}  // namespace
}  // namespace ripstop::proxy
