#include "load/link.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ripstop::load {
namespace {

Moved from_socket(ssize_t result) {
  if (result > 0) return {Moved::State::kDone, static_cast<size_t>(result)};
  if (result == 0) return {Moved::State::kEnd, 0};
  const bool waits = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  return {waits ? Moved::State::kWouldBlock : Moved::State::kFailed, 0};
}

struct NativeAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

NativeAddress to_native(const SocketAddress& address) {
  NativeAddress native;
  if (address.ip.is_v4()) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&native.storage);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(address.port);
    std::memcpy(&v4->sin_addr, address.ip.bytes().data(), sizeof v4->sin_addr);
    native.size = sizeof *v4;
  } else {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&native.storage);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(address.port);
    std::memcpy(&v6->sin6_addr, address.ip.bytes().data(), sizeof v6->sin6_addr);
    native.size = sizeof *v6;
  }
  return native;
}

runtime::FileDescriptor open_socket(const SocketAddress& address) {
  const int family = address.ip.is_v4() ? AF_INET : AF_INET6;
  runtime::FileDescriptor fd(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

}  // namespace

void Link::start_tls(std::unique_ptr<ssl_st, void (*)(ssl_st*)> tls) {
  tls_ = std::move(tls);
  SSL_set_fd(tls_.get(), fd_.get());
  SSL_set_connect_state(tls_.get());
}

Moved Link::from_tls(int result) {
  if (result > 0) return {Moved::State::kDone, static_cast<size_t>(result)};
  const int error = SSL_get_error(tls_.get(), result);
  wants_write_ = error == SSL_ERROR_WANT_WRITE;
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return {Moved::State::kWouldBlock, 0};
  ERR_clear_error();
  return {error == SSL_ERROR_ZERO_RETURN ? Moved::State::kEnd : Moved::State::kFailed, 0};
}

Moved::State Link::handshake() {
  return from_tls(SSL_do_handshake(tls_.get())).state;
}

Moved Link::read(std::span<char> into) {
  if (tls_) return from_tls(SSL_read(tls_.get(), into.data(), static_cast<int>(into.size())));
  return from_socket(recv(fd_.get(), into.data(), into.size(), 0));
}

Moved Link::discard(size_t most) {
  return from_socket(recv(fd_.get(), nullptr, most, MSG_TRUNC));
}

Moved Link::write(std::string_view from) {
  if (tls_) return from_tls(SSL_write(tls_.get(), from.data(), static_cast<int>(from.size())));
  return from_socket(send(fd_.get(), from.data(), from.size(), MSG_NOSIGNAL));
}

void Link::close() {
  tls_.reset();
  fd_.close();
  wants_write_ = false;
}

Result<runtime::FileDescriptor> open_listener(const SocketAddress& address) {
  runtime::FileDescriptor fd = open_socket(address);
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const NativeAddress native = to_native(address);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&native.storage), native.size) != 0 ||
      listen(fd.get(), SOMAXCONN) != 0) {
    return fail_errno("cannot listen on " + address.to_string(), errno);
  }
  return fd;
}

Result<runtime::FileDescriptor> begin_connect(const SocketAddress& address) {
  runtime::FileDescriptor fd = open_socket(address);
  const NativeAddress native = to_native(address);
  const int result = connect(fd.get(), reinterpret_cast<const sockaddr*>(&native.storage), native.size);
  if (result != 0 && errno != EINPROGRESS) return fail_errno("cannot connect to " + address.to_string(), errno);
  return fd;
}

}  // namespace ripstop::load
