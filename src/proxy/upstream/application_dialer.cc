#include "proxy/upstream/application_dialer.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace ripstop::proxy {
namespace {

constexpr timeval kBrokerTimeout = {.tv_sec = 1, .tv_usec = 0};

struct alignas(cmsghdr) ControlBytes {
  std::array<char, CMSG_SPACE(sizeof(int))> bytes{};
};

Status send_descriptor(int channel, char message, int fd) {
  iovec piece{&message, 1};
  ControlBytes control;
  msghdr header{};
  header.msg_iov = &piece;
  header.msg_iovlen = 1;
  header.msg_control = control.bytes.data();
  header.msg_controllen = control.bytes.size();
  cmsghdr* rights = CMSG_FIRSTHDR(&header);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof fd);
  std::memcpy(CMSG_DATA(rights), &fd, sizeof fd);
  if (sendmsg(channel, &header, MSG_NOSIGNAL) != 1) return fail_errno("cannot reach the application's broker", errno);
  return {};
}

Result<runtime::FileDescriptor> receive_descriptor(int channel) {
  char message = 0;
  iovec piece{&message, 1};
  ControlBytes control;
  msghdr header{};
  header.msg_iov = &piece;
  header.msg_iovlen = 1;
  header.msg_control = control.bytes.data();
  header.msg_controllen = control.bytes.size();
  ssize_t got;
  do {
    got = recvmsg(channel, &header, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return fail_errno("the application's broker does not answer", errno);
  const cmsghdr* rights = CMSG_FIRSTHDR(&header);
  const bool has_descriptor = got == 1 && rights != nullptr && rights->cmsg_type == SCM_RIGHTS;
  if (!has_descriptor) return fail(ErrorCode::kUnavailable, "the application's broker could not make a socket");
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(rights), sizeof fd);
  return runtime::FileDescriptor(fd);
}

}  // namespace

Result<std::unique_ptr<ApplicationDialer>> ApplicationDialer::open(int main_channel) {
  auto dialer = std::make_unique<ApplicationDialer>();
  if (main_channel < 0) return dialer;
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return fail_errno("socketpair", errno);
  dialer->channel_ = runtime::FileDescriptor(ends[0]);
  const runtime::FileDescriptor theirs(ends[1]);
  setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &kBrokerTimeout, sizeof kBrokerTimeout);
  if (Status sent = send_descriptor(main_channel, 'C', theirs.get()); !sent) return fail_with(sent);
  return dialer;
}

Result<runtime::FileDescriptor> ApplicationDialer::make_socket(const IpAddress& towards) {
  if (!channel_.is_valid()) {
    const int family = towards.is_v4() ? AF_INET : AF_INET6;
    runtime::FileDescriptor made(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!made.is_valid()) return fail_errno("socket", errno);
    return made;
  }
  const char family = towards.is_v4() ? '4' : '6';
  if (send(channel_.get(), &family, 1, MSG_NOSIGNAL) != 1) {
    return fail_errno("cannot reach the application's broker", errno);
  }
  return receive_descriptor(channel_.get());
}

}  // namespace ripstop::proxy
