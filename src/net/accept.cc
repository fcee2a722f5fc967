#include "net/accept.h"

#include <chrono>
#include <utility>

#include "base/log.h"
#include "runtime/wait.h"

namespace ripstop::net {
namespace {

constexpr auto kPause = std::chrono::milliseconds(100);

}  // namespace

runtime::Task<void> accept_streams(runtime::Acceptor& acceptor, std::function<void(StreamPtr)> take) {
  while (true) {
    auto fd = co_await acceptor.accept();
    if (fd) {
      auto socket = runtime::Socket::adopt(std::move(*fd));
      if (socket) take(make_tcp_stream(std::move(*socket)));
      continue;
    }
    log::warning("net.accept", "cannot accept a connection: " + fd.error().message);
    co_await runtime::sleep_for(kPause);
  }
}

runtime::Task<Result<StreamPtr>> connect_stream(runtime::Endpoint endpoint, TimePoint deadline) {
  auto socket = co_await runtime::connect(std::move(endpoint), deadline);
  if (!socket) co_return fail_with(socket);
  co_return make_tcp_stream(std::move(*socket));
}

}  // namespace ripstop::net
