// Endpoints of STRICT_DNS and LOGICAL_DNS clusters: looked up, kept fresh, given to the configuration store.
//
// Configuration thread. The names of one cluster are looked up side by side; an answer that fails leaves the last good
// one in force.
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
  struct Followed {
    ClusterSettingsRef settings;
    runtime::Scope scope;
  };
  runtime::Task<void> keep_fresh(ClusterSettingsRef cluster);
  runtime::Task<bool> look_up(const model::Cluster& cluster, model::LoadAssignment& found, Duration& refresh);

  net::Resolver& resolver_;
  ConfigStore& store_;
  std::map<std::string, std::unique_ptr<Followed>> followed_;
};

}  // namespace ripstop::proxy
