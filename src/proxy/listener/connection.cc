#include "proxy/listener/connection.h"

#include <utility>

#include "proxy/listener/inspection.h"
#include "proxy/listener/refusal.h"
#include "runtime/unless.h"

namespace ripstop::proxy {
namespace {

constexpr Duration kTlsHandshakeTimeout = std::chrono::seconds(10);
constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

ChainRef choose_chain(const ListenerSettings& listener, const ConnectionFacts& facts, const Inspection& seen) {
  std::vector<std::string_view> protocols(seen.hello.alpn.begin(), seen.hello.alpn.end());
  if (!seen.is_tls && seen.protocol == protocol::Detected::kHttp1) protocols = {"http/1.1"};
  if (!seen.is_tls && seen.protocol == protocol::Detected::kHttp2) protocols = {"h2c"};
  policy::ConnectionFacts known;
  known.destination = facts.local;
  known.server_name = seen.hello.server_name;
  known.transport_protocol = seen.is_tls ? "tls" : "raw_buffer";
  known.application_protocols = protocols;
  return listener.choose(known);
}

bool is_http2(std::string_view alpn) {
  return alpn == "h2" || alpn == "istio-h2";
}

// What both sides agreed on, or what the first bytes are: HTTP/2 begins with a preface that is no HTTP/1 request
// (RFC 9113 section 3.4). Reads them into `received` where nobody has looked yet; false as well when nothing comes.
runtime::Task<bool> speaks_http2(net::Stream& stream, const ConnectionFacts& facts, Worker::Seat& seat,
                                 std::string& received) {
  const model::HttpConnection& http = *facts.chain->http->model;
  if (http.codec != model::HttpCodec::kAuto) co_return http.codec == model::HttpCodec::kHttp2;
  if (facts.tls != nullptr && !facts.tls->alpn.empty()) co_return is_http2(facts.tls->alpn);
  const TimePoint now = runtime::Reactor::current().now();
  TimePoint deadline = deadline_after(now, http.idle_timeout.value_or(Duration::zero()));
  while (received.size() < kHttp2Preface.size() && kHttp2Preface.starts_with(received)) {
    runtime::Block chunk = runtime::Block::take(kInspectStep);
    const runtime::Transfer got = stream.try_read({chunk.data(), chunk.size()});
    if (got.state == runtime::Transfer::State::kDone) {
      received.append(chunk.data(), got.bytes);
      deadline = std::min(deadline, runtime::Reactor::current().now() + kInspectTimeout);
      continue;
    }
    if (got.state != runtime::Transfer::State::kWouldBlock) co_return false;
    chunk.give_back();
    const auto woken = co_await runtime::wait_either(stream.readable(), seat.drain(), deadline);
    if (woken != runtime::Woken::kFirst) co_return false;
  }
  co_return received.starts_with(kHttp2Preface);
}

ConnectionFacts first_facts(const Worker& worker, const ListenerRef& accepted, const runtime::Socket& socket) {
  ConnectionFacts facts;
  facts.local = socket.local_address().value_or(SocketAddress{});
  facts.remote = socket.peer_address().value_or(SocketAddress{});
  if (accepted->model->use_original_dst || accepted->model->read_original_dst) {
    if (const auto original = socket.original_destination()) {
      facts.local = *original;
      facts.has_original_destination = true;
    }
  }
  facts.listener = worker.listeners().resolve(accepted, facts.local);
  return facts;
}

}  // namespace

runtime::Task<void> serve_connection(Worker& worker, ListenerRef accepted, runtime::FileDescriptor fd) {
  auto socket = runtime::Socket::adopt(std::move(fd));
  if (!socket) co_return;
  Worker::Seat seat(worker, accepted->model->direction);
  ConnectionFacts facts = first_facts(worker, accepted, *socket);
  net::StreamPtr stream = net::make_tcp_stream(std::move(*socket));

  const model::Listener& listener = *facts.listener->model;
  Inspection seen;
  if (listener.inspect_tls || listener.inspect_http) {
    seen = co_await inspect(*stream, listener);
    const bool goes_on = seen.state == Inspection::State::kDone ||
                         (seen.state == Inspection::State::kTimedOut && listener.continue_on_inspect_timeout);
    if (!goes_on) co_return;
  }
  facts.chain = choose_chain(*facts.listener, facts, seen);
  if (!facts.chain) {
    note_refusal(worker, Refusal::kNoFilterChain, listener.name, facts.remote,
                 seen.is_tls ? "no filter chain is for this TLS" : "no filter chain is for plain text");
    stream->reset_on_close();
    co_return;
  }
  seat.follow(facts.listener, facts.chain);
  if (facts.chain->model->tls) {
    auto context = facts.chain->tls->get();
    if (!context) {
      note_refusal(worker, Refusal::kHandshake, listener.name, facts.remote, "no certificate or trust bundle yet");
      co_return;
    }
    const TimePoint deadline = worker.reactor().now() + kTlsHandshakeTimeout;
    auto secured = co_await net::accept_tls(std::move(stream), std::move(context), std::move(seen.received),
                                            &facts.chain->verify_peer, deadline);
    if (!secured) {
      const Error& why = secured.error();
      note_refusal(worker, refusal_of(why), listener.name, facts.remote, why.message);
      co_return;
    }
    stream = std::move(*secured);
    seen.received.clear();
    facts.tls = stream->tls();
  }
  if (facts.chain->http && co_await speaks_http2(*stream, facts, seat, seen.received)) {
    co_await runtime::unless(seat.cut(),
                             serve_http2(worker, seat, std::move(stream), std::move(facts), std::move(seen.received)));
  } else if (facts.chain->http) {
    co_await runtime::unless(seat.cut(),
                             serve_http1(worker, seat, std::move(stream), std::move(facts), std::move(seen.received)));
  } else {
    co_await serve_tcp(worker, seat, std::move(stream), std::move(facts), std::move(seen.received));
  }
}

}  // namespace ripstop::proxy
