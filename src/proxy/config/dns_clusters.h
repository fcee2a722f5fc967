// Endpoints of STRICT_DNS and LOGICAL_DNS clusters: looked up, kept fresh, given to the configuration store.
//
// Configuration thread. A name that cannot be looked up keeps the addresses it had.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "net/resolver.h"
#include "proxy/config/config_store.h"
#include "runtime/scope.h"

namespace ripstop::proxy {

class DnsClusters {
 public:
  // Both families. As net::Resolver::resolve.
  using LookUp = std::function<runtime::Task<Result<net::Resolution>>(std::string name, TimePoint deadline)>;

  // A cluster may ask to be looked up more often than `shortest_refresh`, but is not.
  DnsClusters(LookUp look_up, ConfigStore& store, Duration shortest_refresh = std::chrono::seconds(1))
      : look_up_(std::move(look_up)), store_(store), shortest_refresh_(shortest_refresh) {}

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
  runtime::Task<void> look_up_all(const model::Cluster& cluster, Addresses& last, model::LoadAssignment& found);

  LookUp look_up_;
  ConfigStore& store_;
  Duration shortest_refresh_;
  std::map<std::string, std::unique_ptr<Followed>> followed_;
};

}  // namespace ripstop::proxy
