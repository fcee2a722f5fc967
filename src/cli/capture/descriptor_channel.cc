#include "cli/capture/descriptor_channel.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace ripstop::cli {
namespace {

constexpr size_t kMaxBytes = 4096;
constexpr size_t kMaxDescriptors = 16;

struct alignas(cmsghdr) ControlBytes {
  std::array<char, CMSG_SPACE(sizeof(int) * kMaxDescriptors)> bytes{};
};

std::vector<runtime::FileDescriptor> take_descriptors(msghdr& header) {
  std::vector<runtime::FileDescriptor> taken;
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t index = 0; index < count; ++index) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + index * sizeof fd, sizeof fd);
      taken.emplace_back(fd);
    }
  }
  return taken;
}

}  // namespace

Result<Channel> make_channel() {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return fail_errno("socketpair", errno);
  return Channel{runtime::FileDescriptor(ends[0]), runtime::FileDescriptor(ends[1])};
}

Status send_message(int channel, std::string_view bytes, std::span<const int> descriptors) {
  if (bytes.size() > kMaxBytes || descriptors.size() > kMaxDescriptors) {
    return fail(ErrorCode::kTooLarge, "the message is too large for its channel");
  }
  iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
  ControlBytes control;
  msghdr header{};
  header.msg_iov = &piece;
  header.msg_iovlen = 1;
  if (!descriptors.empty()) {
    header.msg_control = control.bytes.data();
    header.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(rights), descriptors.data(), descriptors.size_bytes());
  }
  ssize_t sent = 0;
  do {
    sent = sendmsg(channel, &header, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return fail_errno("cannot send a message", errno);
  return {};
}

Result<Message> receive_message(int channel) {
  Message message;
  message.bytes.resize(kMaxBytes);
  iovec piece{message.bytes.data(), message.bytes.size()};
  ControlBytes control;
  msghdr header{};
  header.msg_iov = &piece;
  header.msg_iovlen = 1;
  header.msg_control = control.bytes.data();
  header.msg_controllen = control.bytes.size();
  ssize_t got = 0;
  do {
    got = recvmsg(channel, &header, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return fail_errno("cannot receive a message", errno);
  message.descriptors = take_descriptors(header);
  if (got == 0) return fail(ErrorCode::kClosed, "the other side has closed the channel");
  if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
    return fail(ErrorCode::kTooLarge, "a message did not fit; is the limit of open files (ulimit -n) reached?");
  }
  message.bytes.resize(static_cast<size_t>(got));
  return message;
}

}  // namespace ripstop::cli
