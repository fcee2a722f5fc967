// From translated resources to what ADS sessions serve, shared between all clients that see the same.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "translate/translate.h"
#include "xds/server_session.h"

namespace ripstop::control {

// The resources of one type that one client sees, sorted by name, and the same in the session's form.
struct ServedList {
  std::vector<translate::ResourceRef> resources;
  std::shared_ptr<const xds::ServedType> served;
};

// By position in xds::kTypeOrder; null before a client was served.
using ServedLists = std::array<std::shared_ptr<const ServedList>, xds::kTypeOrder.size()>;

// Lists of the same resource objects are one object, for as long as somebody holds it. So what most clients see alike
// is kept once, and that a type has not changed shows in its pointer. Not thread-safe.
class ServedListPool {
 public:
  [[nodiscard]] ServedLists make(const translate::ProxyConfig& config);
  // Forgets lists that nobody holds any more.
  void sweep();
  [[nodiscard]] size_t size() const { return known_.size(); }

 private:
  using Refs = std::vector<translate::ResourceRef>;
  std::shared_ptr<const ServedList> share(size_t type, Refs resources, const std::vector<std::string>& assignments);

  std::unordered_map<uint64_t, std::weak_ptr<const ServedList>> known_;  // by type and the objects' addresses
};

[[nodiscard]] xds::ServedSet set_of(const ServedLists& lists);

// The names that differ, for the types whose lists differ. Equal resources are told by their address, so this costs
// next to nothing beside the change itself. Types that `before` lacks are left out.
[[nodiscard]] xds::ServerSession::ChangedNames changes_between(const ServedLists& before, const ServedLists& after);

}  // namespace ripstop::control
