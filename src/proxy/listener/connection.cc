#include "proxy/listener/connection.h"

#include <cassert>
#include <utility>

#include "proxy/listener/inspection.h"
#include "proxy/listener/refusal.h"
#include "runtime/unless.h"

namespace ripstop::proxy {
namespace {

constexpr Duration kTlsHandshakeTimeout = std::chrono::seconds(10);
constexpr size_t kFirstRead = 4096;
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

}  // namespace

Connection::Connection(Worker& worker, const ListenerRef& listener, const SocketAddress& peer,
                       const SocketAddress& local, runtime::Socket socket)
    : Place(worker, listener->model->direction) {
  ConnectionFacts& known = facts();
  known.remote = peer;
  known.local = local.port != 0 ? local : socket.local_address().value_or(SocketAddress{});
  if (listener->model->use_original_dst || listener->model->read_original_dst) {
    if (const auto original = socket.original_destination(known.local)) {
      known.local = *original;
      known.has_original_destination = true;
    }
  }
  known.listener = worker.listeners().resolve(listener, known.local);
  stream_ = net::make_tcp_stream(std::move(socket));
}

void Connection::begin(Worker& worker, const ListenerRef& listener, runtime::Accepted accepted) {
  const SocketAddress peer = accepted.peer;
  const SocketAddress local = accepted.local;
  auto socket = runtime::Socket::adopt(std::move(accepted));
  if (!socket) return;
  worker.spawn(serve(std::make_unique<Connection>(worker, listener, peer, local, std::move(*socket))));
}

void Connection::park(Ref self) {
  if (self->is_leaving()) return;
  Connection& parked = *self.release();
  const auto idle = parked.facts().chain->http->model->idle_timeout.value_or(Duration::zero());
  runtime::Reactor& reactor = parked.worker().reactor();
  assert(!parked.stream_->readable().is_set() && "there is nothing to read");
  parked.enter(parked.stream_->readable());
  parked.arm(reactor.timers(), deadline_after(reactor.now(), idle));
}

// The stream goes before its base classes, and with it the event that is waited for.
void Connection::leave() {
  Waiter::leave();
  const Ref over(this);
}

// What has never said anything is worth less than what has, or a flood of silent connections would push out the idle
// ones of well-behaved clients; among equals, what has been idle for longer. The time-out is the same for most.
uint64_t Connection::claim() const {
  constexpr uint64_t kHasSpoken = uint64_t{1} << 63;
  return tick() | (speaks_ == Speaks::kUnknown ? 0 : kHasSpoken);
}

void Connection::on_event() {
  disarm();
  worker().spawn(serve(Ref(this)));
}

runtime::Task<void> Connection::serve(Ref self) {
  ServeEnd end = ServeEnd::kOver;
  {
    Worker::Seat seat(*self);
    runtime::ByteBuffer received;
    if (self->facts().chain || co_await admit(*self, received)) {
      end = co_await speak(*self, seat, std::move(received));
    }
  }
  if (end == ServeEnd::kIdle) park(std::move(self));
}

runtime::Task<bool> Connection::admit(Connection& self, runtime::ByteBuffer& received) {
  Worker& worker = self.worker();
  ConnectionFacts& facts = self.facts();
  const model::Listener& listener = *facts.listener->model;
  Inspection seen;
  if (listener.inspect_tls || listener.inspect_http) {
    seen = co_await inspect(*self.stream_, listener);
    const bool goes_on = seen.state == Inspection::State::kDone ||
                         (seen.state == Inspection::State::kTimedOut && listener.continue_on_inspect_timeout);
    if (!goes_on) co_return false;
  }
  facts.chain = choose_chain(*facts.listener, facts, seen);
  if (!facts.chain) {
    note_refusal(worker, Refusal::kNoFilterChain, listener.name, facts.remote,
                 seen.is_tls ? "no filter chain is for this TLS" : "no filter chain is for plain text");
    self.stream_->reset_on_close();
    co_return false;
  }
  self.follow();
  if (facts.chain->model->tls) co_return co_await secure(self, std::move(seen.received));
  received.append(seen.received);
  co_return true;
}

runtime::Task<bool> Connection::secure(Connection& self, std::string received) {
  Worker& worker = self.worker();
  ConnectionFacts& facts = self.facts();
  const std::string& listener = facts.listener->model->name;
  auto context = facts.chain->tls->get();
  if (!context) {
    note_refusal(worker, Refusal::kHandshake, listener, facts.remote, "no certificate or trust bundle yet");
    co_return false;
  }
  const TimePoint deadline = worker.reactor().now() + kTlsHandshakeTimeout;
  auto secured = co_await net::accept_tls(std::move(self.stream_), std::move(context), std::move(received),
                                          &facts.chain->verify_peer, deadline);
  if (!secured) {
    const Error& why = secured.error();
    note_refusal(worker, refusal_of(why), listener, facts.remote, why.message);
    co_return false;
  }
  self.stream_ = std::move(*secured);
  facts.tls = self.stream_->tls();
  co_return true;
}

// HTTP/2 begins with a preface that is no HTTP/1 request (RFC 9113 section 3.4).
Connection::Speaks Connection::what_is_spoken(const ConnectionFacts& facts, std::string_view received) {
  if (!facts.chain->http) return Speaks::kOpaque;
  const model::HttpCodec codec = facts.chain->http->model->codec;
  if (codec != model::HttpCodec::kAuto) return codec == model::HttpCodec::kHttp2 ? Speaks::kHttp2 : Speaks::kHttp1;
  if (facts.tls != nullptr && !facts.tls->alpn.empty()) {
    return is_http2(facts.tls->alpn) ? Speaks::kHttp2 : Speaks::kHttp1;
  }
  if (received.starts_with(kHttp2Preface)) return Speaks::kHttp2;
  return kHttp2Preface.starts_with(received) ? Speaks::kUnknown : Speaks::kHttp1;
}

// Who has begun to speak gets kInspectTimeout to finish what tells; HTTP/1 answers whoever does not.
runtime::Task<ServeEnd> Connection::detect(Connection& self, Worker::Seat& seat, runtime::ByteBuffer& received) {
  TimePoint deadline{};
  for (;;) {
    self.speaks_ = what_is_spoken(self.facts(), received.readable());
    if (self.speaks_ != Speaks::kUnknown) co_return ServeEnd::kIdle;
    const runtime::Transfer::State heard = self.hear(received);
    if (heard == runtime::Transfer::State::kDone) continue;
    const bool may_come = heard == runtime::Transfer::State::kWouldBlock;
    if (received.is_empty()) co_return may_come ? ServeEnd::kIdle : ServeEnd::kOver;
    if (deadline == TimePoint{}) deadline = self.worker().reactor().now() + kInspectTimeout;
    auto woken = runtime::Woken::kTimedOut;
    if (may_come) woken = co_await runtime::wait_either(self.stream_->readable(), seat.drain(), deadline);
    if (woken == runtime::Woken::kFirst) continue;
    self.speaks_ = Speaks::kHttp1;
    co_return ServeEnd::kIdle;
  }
}

runtime::Transfer::State Connection::hear(runtime::ByteBuffer& received) {
  const runtime::Transfer got = stream_->try_read(received.writable(kFirstRead, true));
  if (got.state == runtime::Transfer::State::kDone) received.commit(got.bytes);
  received.release_if_empty();
  return got.state;
}

runtime::Task<ServeEnd> Connection::speak(Connection& self, Worker::Seat& seat, runtime::ByteBuffer received) {
  if (self.speaks_ == Speaks::kUnknown) {
    const ServeEnd detected = co_await detect(self, seat, received);
    if (self.speaks_ == Speaks::kUnknown) co_return detected;
  }
  Worker& worker = self.worker();
  ConnectionFacts& facts = self.facts();
  switch (self.speaks_) {
    case Speaks::kHttp1:
      co_return (
          co_await runtime::unless(seat.cut(), serve_http1(worker, seat, *self.stream_, facts, std::move(received))))
          .value_or(ServeEnd::kOver);
    case Speaks::kHttp2:
      co_await runtime::unless(
          seat.cut(), serve_http2(worker, seat, std::move(self.stream_), facts, std::string(received.readable())));
      break;
    default:
      co_await serve_tcp(worker, seat, std::move(self.stream_), facts, std::string(received.readable()));
  }
  co_return ServeEnd::kOver;
}

}  // namespace ripstop::proxy
