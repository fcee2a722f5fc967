// Virtual addresses of hosts: what the proxies' DNS answers for a service that has no address of its own.
//
// One pair per host, IPv4 in 240.240.0.0/16 and IPv6 in 2001:2::/48. A host keeps its pair for as long as it is in the
// table, over restarts; where it starts to look is a hash of its name, so two meshes with the same services mostly
// agree. Uses the Store's database: same thread, and must not outlive it.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>

#include "base/address.h"
#include "base/result.h"
#include "control/store/sqlite.h"

namespace ripstop::control {

struct VirtualAddresses {
  IpAddress v4;
  IpAddress v6;
  bool operator==(const VirtualAddresses&) const = default;
};

class AddressTable {
 public:
  explicit AddressTable(Database& database) : database_(&database) {}

  static constexpr uint32_t kCapacity = 65'534;  // without the all-zeros and the all-ones host part

  // The addresses of all `hosts`; those without any get theirs, durably, in one transaction. kTooLarge when the pool
  // cannot hold them: forget what is gone and ask again.
  Result<std::map<std::string, VirtualAddresses>> allocate(std::span<const std::string> hosts);

  // Frees the addresses of every host that is not among `hosts`; returns how many. Clients may have the old answers in
  // their caches, so this is for a full pool, not for every deletion.
  Result<size_t> forget_all_but(const std::set<std::string>& hosts);

 private:
  Database* database_;
};

}  // namespace ripstop::control
