// From translated resources to what an ADS session serves, shared between all clients that see the same.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "translate/translate.h"
#include "xds/server_session.h"

namespace ripstop::control {

// Lists that are made of the same resource objects give the same ServedType object, so that a session sees at a glance
// that nothing has changed. Not thread-safe.
class ServedTypes {
 public:
  [[nodiscard]] xds::ServedSet make(const translate::ResourceSet& resources);
  // Forgets lists that no session uses any more.
  void sweep();

 private:
  using Part = std::shared_ptr<const xds::ServedType>;
  Part part(const std::vector<translate::ResourceRef>& list, bool is_cluster, const xds::ServedType* assignments);

  std::unordered_map<uint64_t, std::weak_ptr<const xds::ServedType>> known_;  // by a hash of the objects' addresses
};

}  // namespace ripstop::control
