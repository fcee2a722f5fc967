#include "runtime/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

namespace ripstop::runtime {

KernelAddress to_kernel(const SocketAddress& address) {
  KernelAddress kernel;
  if (address.ip.is_v4()) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(kernel.storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    std::memcpy(&v4.sin_addr, address.ip.bytes().data(), 4);
    kernel.size = sizeof v4;
    return kernel;
  }
  auto& v6 = reinterpret_cast<sockaddr_in6&>(kernel.storage);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(address.port);
  std::memcpy(&v6.sin6_addr, address.ip.bytes().data(), 16);
  kernel.size = sizeof v6;
  return kernel;
}

Result<KernelAddress> to_kernel(const Endpoint& endpoint) {
  if (endpoint.unix_path.empty()) return to_kernel(endpoint.address);
  KernelAddress kernel;
  auto& local = reinterpret_cast<sockaddr_un&>(kernel.storage);
  const std::string& path = endpoint.unix_path;
  if (path.size() >= sizeof local.sun_path) {
    return fail(ErrorCode::kInvalidArgument, "the socket path \"" + path + "\" has more than 107 bytes");
  }
  local.sun_family = AF_UNIX;
  std::memcpy(local.sun_path, path.data(), path.size());
  kernel.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  if (path.front() == '@') {
    local.sun_path[0] = '\0';
    --kernel.size;
  }
  return kernel;
}

std::optional<SocketAddress> from_kernel(const KernelAddress& address) {
  if (address.family() == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address.storage);
    std::array<uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &v4.sin_addr, bytes.size());
    return SocketAddress{IpAddress::v4(bytes), ntohs(v4.sin_port)};
  }
  if (address.family() != AF_INET6) return std::nullopt;
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address.storage);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    std::array<uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), v6.sin6_addr.s6_addr + 12, bytes.size());
    return SocketAddress{IpAddress::v4(bytes), ntohs(v6.sin6_port)};
  }
  std::array<uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
  return SocketAddress{IpAddress::v6(bytes), ntohs(v6.sin6_port)};
}

}  // namespace ripstop::runtime
