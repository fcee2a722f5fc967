// Endpoints of STRICT_DNS and LOGICAL_DNS clusters: looked up, kept fresh, given to the configuration store.
//
// Configuration thread. A name that cannot be looked up keeps the addresses it had.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "net/resolver.h"
#include "proxy/config/config_store.h"
#include "runtime/scope.h"

namespace ripstop::proxy {

class DnsClusters {
 public:
  DnsClusters(net::Resolver& resolver, ConfigStore& store) : resolver_(resolver), store_(store) {}

  // Begins with clusters that are new or changed, ends with those that are gone. After every change of the store.
  void follow(const std::map<std::string, ClusterSettingsRef>& clusters);

 private:
  using Addresses = std::map<std::string, std::vector<IpAddress>>;  // by host name
  struct Followed {
    ClusterSettingsRef settings;
    Addresses last;
    runtime::Scope scope;  // after what its task refers to
  };
  runtime::Task<void> keep_fresh(Followed& followed);
  runtime::Task<void> look_up(const model::Cluster& cluster, Addresses& last, model::LoadAssignment& found);

  net::Resolver& resolver_;
  ConfigStore& store_;
  std::map<std::string, std::unique_ptr<Followed>> followed_;
};

}  // namespace ripstop::proxy
