#include "proxy/listener/inspection.h"

#include <algorithm>

#include "runtime/memory/block_pool.h"
#include "runtime/reactor.h"

namespace ripstop::proxy {
namespace {

// True when enough has been seen.
bool look(const model::Listener& listener, protocol::ClientHelloParser& parser, Inspection& seen) {
  using Hello = protocol::ClientHelloParser::State;
  if (listener.inspect_tls && !seen.received.empty()) {
    const Hello hello = parser.parse(seen.received, seen.hello);
    if (hello == Hello::kMore) return false;
    if (hello == Hello::kMalformed) seen.state = Inspection::State::kMalformed;
    seen.is_tls = hello == Hello::kDone;
    if (hello != Hello::kNotTls) return true;
  }
  if (!listener.inspect_http) return !seen.received.empty();
  seen.protocol = protocol::detect(seen.received);
  return seen.protocol != protocol::Detected::kMore;
}

// As read_some, but for one more look once the time is over: where timers are served before sockets, a late turn of the
// loop would else take a client that spoke in time for one that did not.
runtime::Task<Result<size_t>> read_in_time(net::Stream& stream, std::span<char> into, TimePoint deadline) {
  auto got = co_await net::read_some(stream, into, deadline);
  if (got || got.error().code != ErrorCode::kTimeout) co_return got;
  const runtime::Transfer last = stream.try_read(into);
  if (last.state == runtime::Transfer::State::kDone) co_return last.bytes;
  if (last.state == runtime::Transfer::State::kEnd) co_return size_t{0};
  co_return got;
}

}  // namespace

runtime::Task<Inspection> inspect(net::Stream& stream, const model::Listener& listener) {
  Inspection seen;
  protocol::ClientHelloParser parser;
  const runtime::Block chunk = runtime::Block::take(kInspectStep);
  TimePoint deadline = deadline_after(runtime::Reactor::current().now(), listener.inspect_timeout);
  for (;;) {
    auto got = co_await read_in_time(stream, {chunk.data(), kInspectStep}, deadline);
    if (!got) {
      seen.state = got.error().code == ErrorCode::kTimeout ? Inspection::State::kTimedOut : Inspection::State::kClosed;
      co_return seen;
    }
    // Whoever has begun to speak first gets the time to finish: the short wait is for servers that speak first.
    if (seen.received.empty()) deadline = std::max(deadline, runtime::Reactor::current().now() + kInspectTimeout);
    seen.received.append(chunk.data(), *got);
    // The client ended before it said enough: whatever came is opaque.
    if (*got == 0) {
      if (seen.received.empty()) seen.state = Inspection::State::kClosed;
      co_return seen;
    }
    if (look(listener, parser, seen)) co_return seen;
  }
}

}  // namespace ripstop::proxy
