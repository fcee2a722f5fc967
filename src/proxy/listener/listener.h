// The listeners of a worker: by name, and by original destination for those that only others hand connections to.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "policy/connection/filter_chain.h"
#include "proxy/worker/settings.h"

namespace ripstop::proxy {

class ListenerSet {
 public:
  void set(ListenerRef listener);
  void remove(const std::string& name);
  // Null when there is none.
  [[nodiscard]] ListenerRef find(const std::string& name) const;
  [[nodiscard]] const std::unordered_map<std::string, ListenerRef>& all() const { return by_name_; }

  // For a connection accepted by `accepted` towards `destination`: itself, or, when it uses original destinations, the
  // listener for that destination where there is one.
  [[nodiscard]] ListenerRef resolve(const ListenerRef& accepted, const SocketAddress& destination) const;

 private:
  void rebuild();

  std::unordered_map<std::string, ListenerRef> by_name_;
  std::unique_ptr<policy::ListenerTable> by_destination_;
};

}  // namespace ripstop::proxy
