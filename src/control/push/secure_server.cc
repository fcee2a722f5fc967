#include "control/push/secure_server.h"

#include <utility>

#include "base/log.h"
#include "net/tls/tls_context.h"
#include "runtime/reactor.h"

namespace ripstop::control {
namespace {

constexpr Duration kHandshakeTimeout = std::chrono::seconds(10);

}  // namespace

void SecureServer::take(net::StreamPtr plain) {
  if (connections_.size() >= kMaxConnections) {
    log::warning("control.push", "a connection was refused: there are too many");
    return;
  }
  connections_.spawn(serve(std::move(plain)));
}

runtime::Task<void> SecureServer::serve(net::StreamPtr plain) {
  const SocketAddress peer = plain->peer_address();
  const auto context = identity_.context();
  if (!context) {
    log::error("control.push", "no certificate to serve with: " + context.error().message);
    co_return;
  }
  const TimePoint deadline = runtime::Reactor::current().now() + kHandshakeTimeout;
  auto secured = co_await net::accept_tls(std::move(plain), *context, {}, nullptr, deadline);
  if (!secured) {
    log::info("control.push", peer.to_string() + ": " + secured.error().message);
    co_return;
  }
  co_await services_.serve(std::move(*secured));
}

runtime::Event::Awaiter SecureServer::drain(TimePoint deadline) {
  services_.drain();
  return connections_.join(deadline);
}

}  // namespace ripstop::control
