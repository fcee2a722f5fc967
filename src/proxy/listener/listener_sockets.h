// The listening sockets of the bound listeners: inherited ones, matched by their address, or made here.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/listener.h"
#include "proxy/worker/fleet.h"
#include "runtime/file_descriptor.h"

namespace ripstop::proxy {

class ListenerSockets {
 public:
  // `inherited` are listening TCP sockets of whoever started the proxy; fails for anything else.
  static Result<ListenerSockets> adopt(std::vector<runtime::FileDescriptor> inherited);

  // Binds what the listener asks for, lets every worker accept on it, and then closes what it was bound to and no
  // longer asks for. Nothing when it is bound there already. Errors name the listener and the address, and leave the
  // sockets that it had. An inherited socket that is not wanted stays open, since it could not be opened again.
  Status open(const model::Listener& listener, Fleet& fleet);
  // The workers have stopped accepting; a removed listener's inherited socket can be used again.
  void close(const std::string& name) { bound_.erase(name); }

  // One duplicate of the inherited socket of that address; invalid when there is none.
  [[nodiscard]] runtime::FileDescriptor take_inherited(const SocketAddress& address) const;

 private:
  [[nodiscard]] Result<std::vector<runtime::FileDescriptor>> bind(const SocketAddress& address, size_t count) const;

  std::map<SocketAddress, runtime::FileDescriptor> inherited_;
  std::map<std::string, std::vector<SocketAddress>> bound_;
};

}  // namespace ripstop::proxy
