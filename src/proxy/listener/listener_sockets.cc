#include "proxy/listener/listener_sockets.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "runtime/socket.h"
#include "runtime/socket_address.h"

namespace ripstop::proxy {
namespace {

runtime::FileDescriptor duplicate(int fd) {
  return runtime::FileDescriptor(fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

// Descriptors are handed over inside a copyable function, so each is shared until the worker takes it.
void hand_over(Fleet& fleet, size_t worker, const std::string& name, runtime::FileDescriptor socket) {
  auto shared = std::make_shared<runtime::FileDescriptor>(std::move(socket));
  fleet.post(worker, [name, shared](Worker& target) { target.listen(name, std::move(*shared)); });
}

}  // namespace

Result<ListenerSockets> ListenerSockets::adopt(std::vector<runtime::FileDescriptor> inherited) {
  ListenerSockets sockets;
  for (runtime::FileDescriptor& fd : inherited) {
    int listens = 0;
    socklen_t size = sizeof listens;
    runtime::KernelAddress address;
    const bool is_listening = getsockopt(fd.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens == 1;
    if (!is_listening || getsockname(fd.get(), address.get(), &address.size) != 0) {
      return fail(ErrorCode::kInvalidArgument,
                  "descriptor " + std::to_string(fd.get()) + " (--listen-fd) is not a listening socket");
    }
    const auto local = runtime::from_kernel(address);
    if (!local) return fail(ErrorCode::kInvalidArgument, "an inherited listening socket is not TCP");
    fcntl(fd.get(), F_SETFD, FD_CLOEXEC);
    sockets.inherited_[*local] = std::move(fd);
  }
  return sockets;
}

runtime::FileDescriptor ListenerSockets::take_inherited(const SocketAddress& address) const {
  const auto found = inherited_.find(address);
  return found == inherited_.end() ? runtime::FileDescriptor() : duplicate(found->second.get());
}

Result<std::vector<runtime::FileDescriptor>> ListenerSockets::bind(const SocketAddress& address, size_t count) const {
  const bool is_inherited = inherited_.contains(address);
  // One socket per worker, so that the kernel spreads connections; an inherited one they share.
  std::vector<runtime::FileDescriptor> sockets;
  for (size_t i = 0; i < count; ++i) {
    if (is_inherited) {
      sockets.push_back(take_inherited(address));
      continue;
    }
    auto socket = runtime::open_listener({address, {}}, true);
    if (!socket) return fail_with(socket);
    sockets.push_back(std::move(*socket));
  }
  return sockets;
}

Status ListenerSockets::open(const model::Listener& listener, Fleet& fleet) {
  if (!listener.bind_to_port && !bound_.contains(listener.name)) return {};
  std::vector<SocketAddress> wanted;
  if (listener.bind_to_port) {
    wanted.push_back(listener.address);
    wanted.insert(wanted.end(), listener.more_addresses.begin(), listener.more_addresses.end());
  }
  std::vector<SocketAddress>& bound = bound_[listener.name];
  for (const SocketAddress& address : wanted) {
    if (std::ranges::find(bound, address) != bound.end()) continue;
    auto sockets = bind(address, fleet.size());
    if (!sockets) return fail(sockets.error().code, "listener " + listener.name + ": " + sockets.error().message);
    // Only when all are bound, so that another attempt does not repeat a part.
    for (size_t i = 0; i < sockets->size(); ++i) hand_over(fleet, i, listener.name, std::move((*sockets)[i]));
    bound.push_back(address);
  }
  std::erase_if(bound, [&](const SocketAddress& address) {
    if (std::ranges::find(wanted, address) != wanted.end()) return false;
    fleet.post_all([name = listener.name, address](Worker& worker) { worker.stop_listening(name, address); });
    return true;
  });
  return {};
}

}  // namespace ripstop::proxy
