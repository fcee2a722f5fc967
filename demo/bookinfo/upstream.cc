#include "bookinfo/upstream.h"

#include <netdb.h>

#include <cstring>
#include <map>

#include "net/accept.h"
#include "runtime/reactor.h"
#include "runtime/socket_address.h"

namespace ripstop::bookinfo {
namespace {

constexpr Duration kCallTimeout = std::chrono::seconds(10);

}  // namespace

Result<SocketAddress> resolve(const std::string& service) {
  static std::map<std::string, SocketAddress> known;
  if (const auto found = known.find(service); found != known.end()) return found->second;
  const size_t colon = service.rfind(':');
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int failed = getaddrinfo(service.substr(0, colon).c_str(), service.substr(colon + 1).c_str(), &hints, &list);
  if (failed != 0) {
    return fail(ErrorCode::kNotFound, "cannot resolve " + service + ": " + gai_strerror(failed));
  }
  runtime::KernelAddress address;
  std::memcpy(&address.storage, list->ai_addr, list->ai_addrlen);
  freeaddrinfo(list);
  const SocketAddress resolved = runtime::from_kernel(address).value_or(SocketAddress{});
  known.emplace(service, resolved);
  return resolved;
}

runtime::Task<Result<net::HttpClientResponse>> call(std::string service, std::string target,
                                                    std::vector<std::pair<std::string, std::string>> fields) {
  const auto address = resolve(service);
  if (!address) co_return std::unexpected(address.error());
  const TimePoint deadline = runtime::Reactor::current().now() + kCallTimeout;
  auto stream = co_await net::connect_stream({*address, {}}, deadline);
  if (!stream) co_return fail_with(stream);
  net::HttpClientRequest request;
  request.target = std::move(target);
  request.authority = std::move(service);
  request.fields = std::move(fields);
  co_return co_await net::http_fetch(std::move(*stream), std::move(request), deadline);
}

}  // namespace ripstop::bookinfo
