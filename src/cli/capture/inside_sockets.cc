#include "cli/capture/inside_sockets.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <utility>

#include "base/address.h"
#include "cli/capture/ruleset.h"
#include "runtime/socket_address.h"

namespace ripstop::cli {
namespace {

constexpr int kBacklog = 4096;

Result<runtime::FileDescriptor> open_socket(std::string_view ip, uint16_t port, int type) {
  const Result<IpAddress> parsed = IpAddress::parse(ip);
  if (!parsed) return std::unexpected(parsed.error());
  const runtime::KernelAddress address = runtime::to_kernel(SocketAddress{*parsed, port});
  const std::string what = "cannot listen on port " + std::to_string(port) + " inside the member's namespace";
  runtime::FileDescriptor fd(::socket(address.family(), type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.is_valid()) return fail_errno(what, errno);
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.family() == AF_INET6) setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (bind(fd.get(), address.get(), address.size) != 0) return fail_errno(what, errno);
  if (type == SOCK_STREAM && listen(fd.get(), kBacklog) != 0) return fail_errno(what, errno);
  return fd;
}

struct Wanted {
  std::string_view ip;
  uint16_t port;
  int type;
};

// DNS answers must come from the address that was asked, which a socket bound to every address would not see to.
constexpr Wanted kV4[] = {{"0.0.0.0", kOutboundCapturePort, SOCK_STREAM},
                          {"127.0.0.1", kDnsCapturePort, SOCK_DGRAM},
                          {"127.0.0.1", kDnsCapturePort, SOCK_STREAM}};
constexpr Wanted kV6[] = {{"::", kOutboundCapturePort, SOCK_STREAM},
                          {"::1", kDnsCapturePort, SOCK_DGRAM},
                          {"::1", kDnsCapturePort, SOCK_STREAM}};

Status open_all(std::span<const Wanted> wanted, InsideSockets& sockets) {
  for (const Wanted& one : wanted) {
    Result<runtime::FileDescriptor> fd = open_socket(one.ip, one.port, one.type);
    if (!fd) return fail_with(fd);
    (one.port == kOutboundCapturePort ? sockets.listening : sockets.dns).push_back(std::move(*fd));
  }
  return {};
}

}  // namespace

Result<InsideSockets> open_inside_sockets(bool has_ipv6) {
  InsideSockets sockets;
  if (Status done = open_all(kV4, sockets); !done) return fail_with(done);
  if (!has_ipv6) return sockets;
  if (Status done = open_all(kV6, sockets); !done) return fail_with(done);
  return sockets;
}

}  // namespace ripstop::cli
