// A client's HTTP/2 connection: an exchange for every stream, and the orderly end of all of them.
#include <utility>

#include "net/http2/http2_connection.h"
#include "proxy/http2/http2_downstream.h"
#include "proxy/listener/connection.h"
#include "proxy/rescue.h"
#include "runtime/scope.h"

namespace ripstop::proxy {
namespace {

constexpr Duration kDefaultHeadTimeout = std::chrono::seconds(60);
constexpr Duration kLinger = std::chrono::seconds(1);
constexpr size_t kLingerBytes = size_t{1} << 20;
constexpr Duration kDefaultStallTimeout = std::chrono::minutes(5);
// Pseudo-fields and Host count as well where the connection counts.
constexpr size_t kExtraFields = 8;

bool is_of_the_mesh(const ConnectionFacts& facts) {
  return facts.tls != nullptr && facts.tls->has_peer_certificate;
}

net::Http2Options options_for(const ConnectionFacts& facts) {
  const HttpSettings& http = *facts.chain->http;
  net::Http2Options options;
  options.max_fields = http.rules.limits.max_fields + kExtraFields;
  options.max_field_bytes = http.rules.limits.max_head;
  options.idle_timeout = http.model->idle_timeout.value_or(Duration::zero());
  options.header_timeout = http.model->request_headers_timeout.value_or(kDefaultHeadTimeout);
  options.stall_timeout = http.model->stream_idle_timeout.value_or(kDefaultStallTimeout);
  options.enable_connect_protocol = !http.model->upgrades.empty();
  if (!is_of_the_mesh(facts)) return options;
  // One connection carries the requests of a whole workload, and as many of them are given up as its clients give up.
  options.resets_received = {5000, 1000};
  options.control_frames = {5000, 1000};
  options.window_updates = {5000, 1000};
  // What one client's upload waits for must not hold up the others'.
  options.connection_window = options.max_streams * options.stream_window;
  return options;
}

// Reads what is left of a request that was answered early, within reason: some clients take the reset that RFC 9113
// section 8.1 has for this case for a failure.
runtime::Task<void> linger(net::Http2Stream& stream) {
  const TimePoint deadline = runtime::Reactor::current().now() + kLinger;
  for (size_t total = 0; total < kLingerBytes;) {
    const auto bytes = co_await stream.read_body(deadline);
    if (!bytes || bytes->empty()) co_return;
    total += bytes->size();
    stream.consume(bytes->size());
  }
}

class Http2Server {
 public:
  Http2Server(Worker& worker, Worker::Seat& seat, ConnectionFacts& facts)
      : worker_(worker), seat_(seat), facts_(facts), http_(*facts.chain->http) {}

  runtime::Task<void> serve(net::StreamPtr stream, std::string received);

 private:
  runtime::Task<void> serve_stream(net::Http2StreamPtr stream);
  runtime::Task<void> drain_when_retired();
  void count_end();

  Worker& worker_;
  Worker::Seat& seat_;
  ConnectionFacts& facts_;
  const HttpSettings& http_;
  std::unique_ptr<net::Http2Connection> connection_;  // its streams' tasks use what is above
  runtime::Scope watch_;
};

runtime::Task<void> Http2Server::serve_stream(net::Http2StreamPtr stream) {
  const ExchangePool::Ref state = worker_.exchanges().take();
  Http2Downstream down(*stream, http_.rules);
  const protocol::Fault fault = down.read_head(state->request);
  if (protocol::is_malformed(fault)) {
    report_malformed(worker_, down, facts_, *state, fault);
    stream->reset(net::Http2Code::kProtocolError);
    co_return;
  }
  ExchangeEnd end = ExchangeEnd::kReusable;
  if (fault == protocol::Fault::kNone) {
    end = co_await run_exchange(worker_, down, facts_, *state);
  } else {
    end = co_await refuse_request(worker_, down, facts_, *state, fault);
  }
  if (end == ExchangeEnd::kAbort) stream->reset(net::Http2Code::kInternalError);
  if (end == ExchangeEnd::kClose && !down.is_request_complete()) co_await linger(*stream);
}

runtime::Task<void> Http2Server::drain_when_retired() {
  co_await seat_.retire().wait();
  connection_->drain();
}

void Http2Server::count_end() {
  if (!connection_->failure()) return;
  switch (connection_->failure()->code) {
    case ErrorCode::kTooLarge:
      return worker_.counters().flooded_http2.add();
    case ErrorCode::kParse:
      return worker_.counters().malformed_http2.add();
    case ErrorCode::kTimeout:
      return worker_.counters().timed_out_http2.add();
    default:
      return;
  }
}

runtime::Task<void> Http2Server::serve(net::StreamPtr stream, std::string received) {
  connection_ = net::Http2Connection::server(
      std::move(stream), [this](net::Http2StreamPtr request) { return serve_stream(std::move(request)); },
      options_for(facts_), std::move(received));
  watch_.spawn(drain_when_retired());
  const auto most = http_.model->max_connection_duration.value_or(Duration::zero());
  const TimePoint old = deadline_after(worker_.reactor().now(), most);
  if (co_await runtime::wait_either(connection_->closed(), seat_.drain(), old) != runtime::Woken::kFirst) {
    connection_->drain();
    co_await connection_->closed().wait();
  }
  count_end();
}

}  // namespace

runtime::Task<void> serve_http2(Worker& worker, Worker::Seat& seat, net::StreamPtr stream, ConnectionFacts& facts,
                                std::string received) {
  Http2Server server(worker, seat, facts);
  co_await server.serve(std::move(stream), std::move(received));
}

}  // namespace ripstop::proxy
