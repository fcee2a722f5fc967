#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/socket.h"
#include "runtime/socket_address.h"

namespace ripstop::runtime {
namespace {

void set_option(int fd, int level, int option, int value) {
  setsockopt(fd, level, option, &value, sizeof value);
}

}  // namespace

Result<FileDescriptor> open_listener(const Endpoint& endpoint, bool reuse_port) {
  auto address = to_kernel(endpoint);
  if (!address) return fail_with(address);
  FileDescriptor fd(::socket(address->family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.is_valid()) return fail_errno("socket", errno);
  if (endpoint.unix_path.empty()) {
    set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    if (reuse_port) set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
    if (address->family() == AF_INET6) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  }
  if (::bind(fd.get(), address->get(), address->size) != 0) {
    return fail_errno("cannot listen on " + endpoint.to_string(), errno);
  }
  if (::listen(fd.get(), SOMAXCONN) != 0) return fail_errno("cannot listen on " + endpoint.to_string(), errno);
  return fd;
}

Result<Acceptor> Acceptor::adopt(FileDescriptor listening, bool is_level_triggered) {
  // Connections inherit it.
  set_option(listening.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  const int flags = fcntl(listening.get(), F_GETFL);
  if (flags < 0 || fcntl(listening.get(), F_SETFL, flags | O_NONBLOCK) != 0) return fail_errno("fcntl", errno);
  auto socket = Socket::enter(std::move(listening), is_level_triggered);
  if (!socket) return fail_with(socket);
  Acceptor acceptor;
  acceptor.socket_ = std::move(*socket);
  const auto local = acceptor.socket_.local_address();
  if (local && !local->ip.is_unspecified()) acceptor.local_ = *local;
  return acceptor;
}

Result<Acceptor> Acceptor::listen(const Endpoint& endpoint, bool reuse_port) {
  auto fd = open_listener(endpoint, reuse_port);
  if (!fd) return fail_with(fd);
  return adopt(std::move(*fd));
}

Result<std::optional<Accepted>> Acceptor::try_accept() {
  for (;;) {
    KernelAddress peer;
    const int fd = ::accept4(socket_.fd(), peer.get(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) return Accepted{FileDescriptor(fd), from_kernel(peer).value_or(SocketAddress{}), local_};
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno != EAGAIN) return fail_errno("accept", errno);
    socket_.readable().clear();
    return std::nullopt;
  }
}

Task<Result<FileDescriptor>> Acceptor::accept(TimePoint deadline) {
  for (;;) {
    auto accepted = try_accept();
    if (!accepted) co_return fail_with(accepted);
    if (*accepted) co_return std::move((*accepted)->fd);
    if (!co_await socket_.readable().wait(deadline)) co_return fail(ErrorCode::kTimeout, "nobody connected in time");
  }
}

Task<Result<Socket>> connect(Endpoint endpoint, TimePoint deadline) {
  const int family = !endpoint.unix_path.empty() ? AF_UNIX : endpoint.address.ip.is_v4() ? AF_INET : AF_INET6;
  FileDescriptor fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.is_valid()) co_return fail_errno("socket", errno);
  co_return co_await connect(std::move(fd), std::move(endpoint), deadline);
}

Task<Result<Socket>> connect(FileDescriptor socket, Endpoint endpoint, TimePoint deadline) {
  auto address = to_kernel(endpoint);
  if (!address) co_return fail_with(address);
  auto adopted = Socket::adopt(std::move(socket));
  if (!adopted) co_return fail_with(adopted);
  if (endpoint.unix_path.empty()) set_option(adopted->fd(), IPPROTO_TCP, TCP_NODELAY, 1);
  if (::connect(adopted->fd(), address->get(), address->size) == 0) co_return std::move(*adopted);
  const std::string what = "cannot connect to " + endpoint.to_string();
  if (errno != EINPROGRESS) co_return fail_errno(what, errno);
  adopted->expect_writable();
  if (!co_await adopted->writable().wait(deadline)) co_return fail(ErrorCode::kTimeout, what + " in time");
  int error_number = 0;
  socklen_t size = sizeof error_number;
  getsockopt(adopted->fd(), SOL_SOCKET, SO_ERROR, &error_number, &size);
  if (error_number != 0) co_return fail_errno(what, error_number);
  co_return std::move(*adopted);
}

}  // namespace ripstop::runtime
