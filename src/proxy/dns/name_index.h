// The mesh's names, ready to be looked up.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/address.h"
#include "model/listener.h"

namespace ripstop::proxy::dns {

class NameIndex {
 public:
  struct Found {
    std::span<const IpAddress> addresses;
    std::string_view host;  // the full name it stands for
    // Nobody outside the mesh knows it: a service with short forms, not an outside host that the mesh has heard of.
    bool is_of_the_mesh_alone = false;
  };

  // `search` are the host's search domains: resolvers append them to short names, and what stands in the mesh without
  // such a suffix is answered with it as well, instead of asking the world first.
  NameIndex(const NameIndex&) = delete;
  NameIndex& operator=(const NameIndex&) = delete;
  NameIndex(std::shared_ptr<const model::NameTable> table, std::vector<std::string> search);

  // `name` in lower case without the final dot. Exact names first, then the longest wildcard ("*.example.com").
  [[nodiscard]] std::optional<Found> find(std::string_view name) const;
  // "_grpclb._tcp.reviews": what clients ask about a service (RFC 8552), which only the mesh could answer and has no
  // answer to. Asked elsewhere it would make every look-up of the service depend on the host's resolvers.
  [[nodiscard]] bool is_attribute_of_service(std::string_view name) const;

 private:
  void add(std::string_view host, size_t index);
  [[nodiscard]] std::optional<Found> find_as_is(std::string_view name) const;

  std::shared_ptr<const model::NameTable> table_;
  std::vector<std::string> search_;  // with a leading dot
  std::deque<std::string> lowered_;  // names of the table that have capitals
  std::unordered_map<std::string_view, size_t> exact_;
  std::unordered_map<std::string_view, size_t> wildcards_;  // by what follows the '*'
};

// "nameserver" and "search"/"domain" lines of a resolv.conf; unreadable ones are passed over as resolvers do.
struct ResolverConfig {
  std::vector<SocketAddress> servers;
  std::vector<std::string> search;
};
[[nodiscard]] ResolverConfig parse_resolver_config(std::string_view text);

}  // namespace ripstop::proxy::dns
