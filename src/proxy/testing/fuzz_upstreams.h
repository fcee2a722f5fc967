// Upstreams for fuzz targets: they judge all that reaches them, and answer by the script. Included by fuzz targets
// only.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http2/http2_connection.h"
#include "protocol/bytes/fuzz_input.h"
#include "protocol/http1/body.h"
#include "protocol/http1/request_parser.h"
#include "protocol/http2/header_block.h"
#include "proxy/testing/fuzz_script.h"
#include "runtime/scope.h"
#include "runtime/socket.h"

namespace ripstop::proxy::testing {

// A little more generous than the proxy, which adds fields and writes some bytes of a path as three.
inline const protocol::RequestRules& judging_rules() {
  static const protocol::RequestRules rules = [] {
    protocol::RequestRules made;
    made.limits.max_head *= 4;
    made.limits.max_target *= 4;
    made.limits.max_fields *= 2;
    made.limits.max_chunk_overhead = size_t{1} << 30;
    return made;
  }();
  return rules;
}

// What one HTTP/1 connection carries must be whole requests, the last of which may be cut.
class RequestJudge {
 public:
  // The requests that have begun.
  [[nodiscard]] size_t requests() const { return requests_; }
  [[nodiscard]] uint64_t content() const { return content_; }
  [[nodiscard]] bool awaits_answer() const { return answered_ < requests_; }
  void note_answer() { ++answered_; }

  void take(std::string_view bytes) {
    received_ += bytes;
    while (!is_tunnel_ && !received_.empty()) {
      if (in_body_ ? !take_body() : !take_head()) return;
    }
  }

 private:
  bool take_head() {
    const auto parsed = parser_.parse(received_, head_);
    protocol::require(parsed.state != protocol::HeadResult::State::kFault);
    if (parsed.state != protocol::HeadResult::State::kDone) return false;
    parser_.reset();
    ++requests_;
    // A request goes out once the one before it has been answered.
    protocol::require(requests_ <= answered_ + 1);
    is_tunnel_ = !head_.upgrade.empty() || head_.method_kind == protocol::Method::kConnect;
    decoder_.reset(head_.framing);
    in_body_ = !decoder_.is_done();
    received_.erase(0, parsed.consumed);
    return true;
  }
  bool take_body() {
    const auto step = decoder_.next(received_);
    protocol::require(step.state != protocol::BodyStep::State::kFault);
    if (step.state == protocol::BodyStep::State::kData) content_ += step.data.size();
    received_.erase(0, step.consumed);
    in_body_ = !decoder_.is_done();
    return step.consumed != 0;
  }

  protocol::RequestParser parser_{judging_rules()};
  protocol::BodyDecoder decoder_{judging_rules().limits};
  protocol::RequestHead head_;
  std::string received_;
  bool in_body_ = false;
  bool is_tunnel_ = false;
  size_t requests_ = 0;
  size_t answered_ = 0;
  uint64_t content_ = 0;
};

class FuzzUpstream {
 public:
  enum class Kind : uint8_t { kHttp1, kHttp2, kRawHttp2 };

  FuzzUpstream(FuzzScript& script, Kind kind)
      : script_(script),
        kind_(kind),
        acceptor_(*runtime::Acceptor::listen({SocketAddress{IpAddress::loopback_v4(), 0}, {}})) {
    scope_.spawn(accept_all(*this));
  }
  [[nodiscard]] SocketAddress address() const { return *acceptor_.local_address(); }
  [[nodiscard]] size_t requests() const { return requests_; }
  [[nodiscard]] uint64_t content() const { return content_; }

 private:
  static runtime::Task<void> accept_all(FuzzUpstream& self) {
    for (;;) {
      auto fd = co_await self.acceptor_.accept();
      if (!fd) co_return;
      auto socket = runtime::Socket::adopt(std::move(*fd));
      net::StreamPtr stream = net::make_tcp_stream(std::move(*socket));
      stream->reset_on_close();  // nothing of a run stays in the kernel for the next
      if (self.kind_ == Kind::kHttp2) {
        net::Http2Options options;
        options.enable_connect_protocol = true;
        self.connections_.push_back(net::Http2Connection::server(
            std::move(stream), [&self](net::Http2StreamPtr request) { return answer(self, std::move(request)); },
            options));
      } else {
        self.scope_.spawn(serve(self, std::move(stream)));
      }
    }
  }

  // Judges what comes as HTTP/1, or not at all; answers each piece with one of the script's.
  static runtime::Task<void> serve(FuzzUpstream& self, net::StreamPtr stream) {
    RequestJudge judge;
    if (self.kind_ == Kind::kRawHttp2) co_await net::write_all(*stream, FuzzFrames::frame(4, 0, 0, ""), kNever);
    char buffer[4096];
    for (;;) {
      auto got = co_await net::read_some(*stream, buffer, kNever);
      if (!got || *got == 0) co_return;
      if (self.kind_ == Kind::kHttp1) {
        const size_t requests = judge.requests();
        const uint64_t content = judge.content();
        judge.take({buffer, *got});
        self.requests_ += judge.requests() - requests;
        self.content_ += judge.content() - content;
      }
      const std::string reply = self.kind_ == Kind::kHttp1 ? self.http1_answer() : FuzzFrames(self.script_).next();
      if (judge.awaits_answer()) judge.note_answer();
      if (!co_await net::write_all(*stream, reply, kNever)) co_return;
      if (self.script_.number() == 0xFF) co_return;
    }
  }

  std::string http1_answer() {
    static constexpr std::array<std::string_view, 10> kAnswers = {
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx: y\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\n\r\nuntil the end",
        "HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\ntoo short",
        "HTTP/1.1 503 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n",
        "",
    };
    const uint8_t choice = script_.number();
    if ((choice & 0x80) != 0) return std::string(script_.bytes(choice & 0x7F));
    return std::string(kAnswers[choice % kAnswers.size()]);
  }

  static runtime::Task<void> answer(FuzzUpstream& self, net::Http2StreamPtr stream) {
    ++self.requests_;
    protocol::RequestHead head;
    protocol::require(protocol::read_request(stream->head(), stream->has_ended(), judging_rules(), head) ==
                      protocol::Fault::kNone);
    const uint8_t choice = self.script_.number();
    if ((choice & 1) != 0) {
      for (;;) {
        const auto bytes = co_await stream->read_body(kNever);
        if (!bytes || bytes->empty()) break;
        self.content_ += bytes->size();
        stream->consume(bytes->size());
      }
    }
    if ((choice & 2) != 0) co_return stream->reset(static_cast<net::Http2Code>(choice >> 4));
    if ((choice & 4) != 0) static_cast<void>(stream->write_head({{":status", "103"}}));
    const bool is_last = (choice & 8) != 0;
    static_cast<void>(stream->write_head({{":status", (choice & 16) != 0 ? "204" : "200"}}, is_last));
    if (is_last) co_return;
    co_await stream->write_body(self.script_.bytes(choice), kNever);
    if ((choice & 32) != 0) static_cast<void>(stream->end({{"grpc-status", "0"}}));
  }

  FuzzScript& script_;
  Kind kind_;
  runtime::Acceptor acceptor_;
  size_t requests_ = 0;
  uint64_t content_ = 0;
  std::vector<std::unique_ptr<net::Http2Connection>> connections_;
  runtime::Scope scope_;  // last: its tasks use the rest
};

}  // namespace ripstop::proxy::testing
