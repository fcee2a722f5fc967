#include "runtime/socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/reactor.h"
#include "runtime/socket_address.h"

namespace ripstop::runtime {
namespace {

// SO_ORIGINAL_DST and IP6T_SO_ORIGINAL_DST; the headers that name them clash with netinet/in.h.
constexpr int kOriginalDestination = 80;

// recv and send go straight to the socket, without the file layer's checks; what is no socket has only these.
ssize_t receive(int fd, std::span<char> into) {
  const ssize_t result = ::recv(fd, into.data(), into.size(), 0);
  return result < 0 && errno == ENOTSOCK ? ::read(fd, into.data(), into.size()) : result;
}

ssize_t send_pieces(int fd, std::span<const iovec> pieces, int flags) {
  ssize_t result;
  if (pieces.size() == 1) {
    result = ::send(fd, pieces[0].iov_base, pieces[0].iov_len, flags);
  } else {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data());
    message.msg_iovlen = pieces.size();
    result = ::sendmsg(fd, &message, flags);
  }
  if (result < 0 && errno == ENOTSOCK) return ::writev(fd, pieces.data(), static_cast<int>(pieces.size()));
  return result;
}

}  // namespace

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::move(other.fd_);
    source_ = std::move(other.source_);
    reactor_ = other.reactor_;
    is_sole_ = other.is_sole_;
    end_follows_ = other.end_follows_;
  }
  return *this;
}

Result<Socket> Socket::adopt(FileDescriptor fd) {
  const int flags = fcntl(fd.get(), F_GETFL);
  if (flags < 0) return fail_errno("fcntl", errno);
  if ((flags & O_NONBLOCK) == 0 && fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) != 0) return fail_errno("fcntl", errno);
  return enter(std::move(fd), false);
}

Result<Socket> Socket::adopt(Accepted accepted) {
  auto socket = enter(std::move(accepted.fd), false);
  if (!socket) return socket;
  socket->is_sole_ = true;
  socket->source_->readable.clear();
  return socket;
}

Result<Socket> Socket::enter(FileDescriptor fd, bool is_level_triggered) {
  Socket socket;
  socket.source_ = std::make_unique<IoSource>();
  socket.source_->is_level_triggered = is_level_triggered;
  socket.reactor_ = &Reactor::current();
  if (Status added = socket.reactor_->poller().add(fd.get(), *socket.source_); !added) return fail_with(added);
  socket.fd_ = std::move(fd);
  return socket;
}

void Socket::expect_edge(Way way) {
  if (way == Way::kIn) {
    source_->readable.clear();
  } else {
    reactor_->poller().watch_writable(fd_.get(), *source_);
  }
}

// A short transfer means the kernel's buffer is drained, which saves the attempt that would only give EAGAIN; not so
// once the peer has hung up, for then no further edge would come.
Transfer Socket::finish(ssize_t result, size_t asked, Way way) {
  if (result > 0 || (result == 0 && asked == 0)) {
    if (static_cast<size_t>(result) < asked && !source_->has_hung_up) expect_edge(way);
    return {Transfer::State::kDone, static_cast<size_t>(result), 0};
  }
  if (result == 0) return {Transfer::State::kEnd, 0, 0};
  if (errno == EAGAIN || errno == EWOULDBLOCK) {
    expect_edge(way);
    return {Transfer::State::kWouldBlock, 0, 0};
  }
  return {Transfer::State::kFailed, 0, errno};
}

Transfer Socket::try_read(std::span<char> into) {
  if (!source_->readable.is_set()) return {Transfer::State::kWouldBlock, 0, 0};
  ssize_t result;
  do {
    result = receive(fd_.get(), into);
  } while (result < 0 && errno == EINTR);
  return finish(result, into.size(), Way::kIn);
}

Transfer Socket::try_write(std::string_view from) {
  const iovec piece{const_cast<char*>(from.data()), from.size()};
  return try_writev({&piece, 1});
}

Transfer Socket::try_writev(std::span<const iovec> pieces) {
  if (!source_->writable.is_set()) return {Transfer::State::kWouldBlock, 0, 0};
  size_t asked = 0;
  for (const iovec& piece : pieces) asked += piece.iov_len;
  ssize_t result;
  do {
    result = send_pieces(fd_.get(), pieces, MSG_NOSIGNAL | (end_follows_ ? MSG_MORE : 0));
  } while (result < 0 && errno == EINTR);
  return finish(result, asked, Way::kOut);
}

// How much goes through at once depends on how the bytes lie in memory, so a short transfer says nothing here.
Transfer Socket::try_read_into_pipe(int pipe, size_t most) {
  if (!source_->readable.is_set()) return {Transfer::State::kWouldBlock, 0, 0};
  ssize_t result;
  do {
    result = ::splice(fd_.get(), nullptr, pipe, nullptr, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  } while (result < 0 && errno == EINTR);
  return finish(result, 1, Way::kIn);
}

Transfer Socket::try_write_from_pipe(int pipe, size_t bytes) {
  if (!source_->writable.is_set()) return {Transfer::State::kWouldBlock, 0, 0};
  ssize_t result;
  do {
    result = ::splice(pipe, nullptr, fd_.get(), nullptr, bytes, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  } while (result < 0 && errno == EINTR);
  return finish(result, 1, Way::kOut);
}

void Socket::shutdown_write() {
  ::shutdown(fd_.get(), SHUT_WR);
}

void Socket::reset_on_close() {
  const linger abort{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
}

void Socket::close() {
  if (!fd_.is_valid()) return;
  if (is_sole_) {
    reactor_->poller().forget(*source_);
  } else {
    reactor_->poller().remove(fd_.get(), *source_);
  }
  fd_.close();
}

FileDescriptor Socket::release() {
  reactor_->poller().remove(fd_.get(), *source_);
  return std::move(fd_);
}

Result<SocketAddress> Socket::local_address() const {
  KernelAddress address;
  if (getsockname(fd_.get(), address.get(), &address.size) != 0) return fail_errno("getsockname", errno);
  return from_kernel(address).value_or(SocketAddress{});
}

Result<SocketAddress> Socket::peer_address() const {
  KernelAddress address;
  if (getpeername(fd_.get(), address.get(), &address.size) != 0) return fail_errno("getpeername", errno);
  return from_kernel(address).value_or(SocketAddress{});
}

Result<SocketAddress> Socket::original_destination(const SocketAddress& local) const {
  const bool is_v4 = local.ip.is_v4();
  KernelAddress original;
  const int failed = is_v4 ? getsockopt(fd_.get(), SOL_IP, kOriginalDestination, original.get(), &original.size)
                           : getsockopt(fd_.get(), SOL_IPV6, kOriginalDestination, original.get(), &original.size);
  const auto destination = failed == 0 ? from_kernel(original) : std::nullopt;
  // Without a redirect the kernel names the local address itself, or knows of no tracked connection.
  if (!destination || *destination == local) return fail(ErrorCode::kNotFound, "the connection was not redirected");
  return *destination;
}

}  // namespace ripstop::runtime
