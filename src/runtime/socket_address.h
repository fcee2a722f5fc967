// Between SocketAddress and the kernel's sockaddr.
#pragma once

#include <sys/socket.h>

#include <optional>

#include "base/address.h"
#include "base/result.h"
#include "runtime/socket.h"

namespace ripstop::runtime {

struct KernelAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);

  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] int family() const { return storage.ss_family; }
};

// Fails when a unix path is too long.
[[nodiscard]] Result<KernelAddress> to_kernel(const Endpoint& endpoint);
[[nodiscard]] KernelAddress to_kernel(const SocketAddress& address);
// nullopt for anything but IPv4 and IPv6. IPv4-mapped IPv6 becomes IPv4.
[[nodiscard]] std::optional<SocketAddress> from_kernel(const KernelAddress& address);

}  // namespace ripstop::runtime
