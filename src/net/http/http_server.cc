#include "net/http/http_server.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "base/text.h"
#include "net/read_append.h"
#include "protocol/http1/body.h"
#include "protocol/http1/head_writer.h"
#include "protocol/http1/request_parser.h"
#include "runtime/reactor.h"
#include "runtime/wait.h"

namespace ripstop::net {
namespace {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
// Bytes a client may send while a streamed reply goes out.
constexpr size_t kMaxPipelined = 64U << 10;

TimePoint after(Duration timeout) {
  return deadline_after(runtime::Reactor::current().now(), timeout);
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i] == '+' ? ' ' : text[i]);
      continue;
    }
    const auto byte = i + 2 < text.size() ? parse_number<uint8_t>(text.substr(i + 1, 2), 16) : std::nullopt;
    if (!byte) return std::nullopt;
    decoded.push_back(static_cast<char>(*byte));
    i += 2;
  }
  return decoded;
}

}  // namespace

std::optional<std::string> HttpRequest::query(std::string_view name) const {
  std::string_view text = head.query;
  if (text.starts_with('?')) text.remove_prefix(1);
  for (const std::string_view pair : split(text, '&')) {
    const size_t equals = std::min(pair.find('='), pair.size());
    if (percent_decoded(pair.substr(0, equals)) != name) continue;
    return percent_decoded(equals == pair.size() ? std::string_view() : pair.substr(equals + 1));
  }
  return std::nullopt;
}

runtime::Task<Status> HttpBodyWriter::write(std::string piece) {
  if (piece.empty()) co_return Status{};
  if (is_chunked_) {
    const protocol::ChunkPrefix prefix(piece.size());
    piece.insert(0, prefix.text());
    piece.append(protocol::kChunkEnd);
  }
  co_return co_await write_all(stream_, piece, after(stall_timeout_));
}

// One connection: requests one after the other. `input_` is what has arrived and belongs to no request yet; a head's
// text is kept apart because the head refers to it until its reply is sent.
class HttpServer::Connection {
 public:
  Connection(HttpServer& server, StreamPtr stream)
      : server_(server), options_(server.options_), stream_(std::move(stream)), parser_(options_.rules) {
    next_ = server.connections_;
    if (next_ != nullptr) next_->previous_ = this;
    server.connections_ = this;
  }
  ~Connection() {
    (previous_ == nullptr ? server_.connections_ : previous_->next_) = next_;
    if (next_ != nullptr) next_->previous_ = previous_;
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  runtime::Task<void> run();
  [[nodiscard]] runtime::Event& drained() { return drained_; }
  [[nodiscard]] Connection* next() const { return next_; }

 private:
  // False when the connection is over.
  runtime::Task<bool> read_head();
  runtime::Task<bool> read_body();
  // Bytes into `input_`; false when none came in time, the peer ended, or the server drains before a request.
  runtime::Task<bool> read_more(TimePoint deadline);
  runtime::Task<bool> wait_for_request();
  runtime::Task<bool> answer(HttpReply reply, bool may_keep);
  runtime::Task<bool> stream_body(HttpReply& reply);
  runtime::Task<void> watch_client();
  static runtime::Task<Status> run_writer(HttpReply& reply, HttpBodyWriter& writer) { return reply.stream(writer); }

  HttpServer& server_;
  const HttpServerOptions& options_;
  StreamPtr stream_;
  protocol::RequestParser parser_;
  protocol::RequestHead head_;
  std::string input_;
  std::string head_text_;
  std::string body_;
  runtime::Event drained_;
  Connection* previous_ = nullptr;
  Connection* next_ = nullptr;
};

runtime::Task<bool> HttpServer::Connection::read_more(TimePoint deadline) {
  const auto count = co_await read_append(*stream_, input_, deadline);
  co_return count && *count != 0;
}

runtime::Task<bool> HttpServer::Connection::wait_for_request() {
  while (input_.empty()) {
    if (server_.is_draining_) co_return false;
    const Transfer got = try_read_append(*stream_, input_);
    if (got.state == Transfer::State::kDone) break;
    if (got.state != Transfer::State::kWouldBlock) co_return false;
    const runtime::Woken woken =
        co_await runtime::wait_either(stream_->readable(), drained_, after(options_.idle_timeout));
    if (woken != runtime::Woken::kFirst) co_return false;
  }
  co_return true;
}

runtime::Task<bool> HttpServer::Connection::read_head() {
  if (!co_await wait_for_request()) co_return false;
  const TimePoint deadline = after(options_.header_timeout);
  head_text_ = std::exchange(input_, {});
  parser_.reset();
  while (true) {
    const protocol::HeadResult result = parser_.parse(head_text_, head_);
    if (result.state == protocol::HeadResult::State::kDone) {
      input_ = head_text_.substr(result.consumed);
      co_return true;
    }
    if (result.state == protocol::HeadResult::State::kFault) {
      head_.clear();
      co_await answer(http_text(protocol::request_status(result.fault), std::string(protocol::sentence(result.fault))),
                      false);
      co_return false;
    }
    if (!co_await read_more(deadline)) co_return false;
    head_text_ += std::exchange(input_, {});
  }
}

runtime::Task<bool> HttpServer::Connection::read_body() {
  body_.clear();
  if (head_.framing.is_empty()) co_return true;
  const bool is_too_large =
      head_.framing.kind == protocol::BodyFraming::Kind::kLength && head_.framing.length > options_.max_body;
  const TimePoint deadline = after(options_.body_timeout);
  if (head_.expects_continue && !is_too_large && !co_await write_all(*stream_, kContinue, deadline)) co_return false;
  protocol::BodyDecoder decoder(options_.rules.limits);
  decoder.reset(head_.framing);
  while (!is_too_large && body_.size() <= options_.max_body) {
    const protocol::BodyStep step = decoder.next(input_);
    body_.append(step.data);
    input_.erase(0, step.consumed);
    if (step.state == protocol::BodyStep::State::kDone) co_return true;
    if (step.state == protocol::BodyStep::State::kFault) {
      co_await answer(http_text(400, std::string(protocol::sentence(step.fault))), false);
      co_return false;
    }
    if (step.state == protocol::BodyStep::State::kMore && !co_await read_more(deadline)) co_return false;
  }
  co_await answer(http_text(413, "the body has more than " + std::to_string(options_.max_body) + " bytes"), false);
  co_return false;
}

runtime::Task<void> HttpServer::Connection::watch_client() {
  while (input_.size() < kMaxPipelined) {
    if (!co_await read_more(kNever)) co_return;
  }
}

runtime::Task<bool> HttpServer::Connection::stream_body(HttpReply& reply) {
  const bool is_chunked = head_.version != protocol::Version::kHttp10;
  HttpBodyWriter writer(*stream_, is_chunked, options_.stall_timeout);
  auto outcome = co_await runtime::race(run_writer(reply, writer), watch_client());
  const auto* const written = std::get_if<0>(&outcome);
  if (written == nullptr || !*written) {
    stream_->reset_on_close();
    co_return false;
  }
  if (!is_chunked) co_return false;
  const std::string end = std::string(protocol::kLastChunk) + "\r\n";
  co_return (co_await write_all(*stream_, end, after(options_.stall_timeout))).has_value();
}

runtime::Task<bool> HttpServer::Connection::answer(HttpReply reply, bool may_keep) {
  const bool is_streamed = reply.stream != nullptr;
  const bool has_no_body = reply.status == 204 || reply.status == 304;
  const bool keeps = may_keep && head_.keep_alive && !server_.is_draining_;
  protocol::ResponseHead head;
  head.status = static_cast<uint16_t>(reply.status);
  if (is_streamed && head_.version != protocol::Version::kHttp10) {
    head.framing = protocol::BodyFraming::chunked();
  } else if (!is_streamed && !has_no_body) {
    head.framing = protocol::BodyFraming::of_length(reply.body.size());
  }
  bool is_valid = true;
  if (!reply.content_type.empty() && !has_no_body) {
    is_valid = head.fields.append(protocol::FieldId::kContentType, reply.content_type);
  }
  for (const auto& [name, value] : reply.fields) is_valid = head.fields.append(name, value) && is_valid;
  if (!is_valid) co_return co_await answer(http_text(500, "the reply has a field that HTTP does not allow"), false);
  using Signal = protocol::ConnectionSignal;
  const bool is_old = head_.version == protocol::Version::kHttp10;
  std::string out;
  protocol::append_encoded(head, !keeps ? Signal::kClose : is_old ? Signal::kKeepAlive : Signal::kNone, out);
  const bool sends_body = head_.method_kind != protocol::Method::kHead && !has_no_body;
  if (sends_body && !is_streamed) out += reply.body;
  if (!co_await write_all(*stream_, out, after(options_.stall_timeout))) co_return false;
  if (sends_body && is_streamed && !co_await stream_body(reply)) co_return false;
  co_return keeps;
}

runtime::Task<void> HttpServer::Connection::run() {
  bool goes_on = true;
  while (goes_on && co_await read_head() && co_await read_body()) {
    const HttpRequest request{head_, body_, stream_->tls(), stream_->peer_address()};
    HttpReply reply = co_await server_.handler_(request);
    goes_on = co_await answer(std::move(reply), true);
  }
  // A close while unread bytes are left would reset the connection before the client has read the reply.
  stream_->shutdown_write();
  size_t ignored = 0;
  const TimePoint deadline = after(std::chrono::seconds(1));
  while (!server_.is_draining_ && ignored < kMaxPipelined && co_await read_more(deadline)) {
    ignored += std::exchange(input_, {}).size();
  }
}

HttpServer::HttpServer(HttpHandler handler, HttpServerOptions options)
    : handler_(std::move(handler)), options_(std::move(options)) {}

HttpServer::~HttpServer() {
  scope_.cancel();
}

runtime::Task<void> HttpServer::serve(StreamPtr stream) {
  Connection connection(*this, std::move(stream));
  co_await connection.run();
}

void HttpServer::take(StreamPtr stream) {
  if (is_draining_ || scope_.size() >= options_.max_connections) return;
  scope_.spawn(serve(std::move(stream)));
}

void HttpServer::drain() {
  is_draining_ = true;
  // An idle connection that is woken ends, and takes itself out of the list, so the walk begins anew each time.
  for (Connection* connection = connections_; connection != nullptr;) {
    if (connection->drained().is_set()) {
      connection = connection->next();
      continue;
    }
    connection->drained().set();
    connection = connections_;
  }
}

HttpReply http_text(int status, std::string text) {
  if (!text.ends_with('\n')) text.push_back('\n');
  return {.status = status, .body = std::move(text), .fields = {}};
}

HttpReply http_json(int status, std::string json) {
  return {.status = status, .content_type = "application/json", .body = std::move(json), .fields = {}};
}

}  // namespace ripstop::net
