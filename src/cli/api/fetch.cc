#include "cli/api/fetch.h"

#include <chrono>
#include <optional>
#include <utility>

#include "net/stream.h"
#include "runtime/reactor.h"
#include "runtime/scope.h"
#include "runtime/socket.h"
#include "runtime/task.h"

namespace ripstop::cli {
namespace {

constexpr size_t kMaxBody = size_t{256} << 20;
constexpr auto kTurn = std::chrono::milliseconds(100);

using Response = Result<net::HttpClientResponse>;

runtime::Task<void> exchange(SocketAddress server, net::HttpClientRequest request, TimePoint deadline,
                             std::optional<Response>& outcome) {
  Result<runtime::Socket> socket = co_await runtime::connect(runtime::Endpoint{server, {}}, deadline);
  if (!socket) {
    outcome.emplace(fail_with(socket));
    co_return;
  }
  request.authority = server.to_string();
  outcome.emplace(
      co_await net::http_fetch(net::make_tcp_stream(std::move(*socket)), std::move(request), deadline, kMaxBody));
}

}  // namespace

Result<net::HttpClientResponse> fetch(const SocketAddress& server, net::HttpClientRequest request, Duration timeout) {
  runtime::Reactor reactor;
  std::optional<Response> outcome;
  runtime::Scope scope;
  scope.spawn(exchange(server, std::move(request), deadline_after(reactor.now(), timeout), outcome));
  while (scope.size() != 0) reactor.run_once(kTurn);
  return std::move(*outcome);
}

}  // namespace ripstop::cli
