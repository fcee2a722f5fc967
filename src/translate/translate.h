// (snapshot, proxy) -> what the proxy is sent. Pure: the same arguments give the same bytes, whatever is in the cache
// and whatever order the snapshot lists things in.
//
// What one changed endpoint costs: the pass of its service runs once for each policy that clients see it under, and the
// lists that hold its assignment are put together again; clusters, routes and listeners are found as they were.
#pragma once

#include <bitset>
#include <span>
#include <string_view>
#include <vector>

#include "model/cluster.h"
#include "model/listener.h"
#include "model/route.h"
#include "model/snapshot.h"
#include "model/tls.h"
#include "translate/cache.h"
#include "translate/item.h"
#include "translate/proxy.h"

namespace ripstop::translate {

// In the model's terms, each list sorted by name.
struct ProxyConfig {
  Items<model::Cluster> clusters;
  Items<model::LoadAssignment> assignments;
  Items<model::Listener> listeners;
  Items<model::RouteTable> route_tables;
  Items<model::Secret> secrets;
  Items<model::NameTable> name_tables;
};

// The same in xDS, each list sorted by name. Send clusters, assignments, listeners, route tables in this order.
struct ResourceSet {
  std::vector<ResourceRef> clusters;
  std::vector<ResourceRef> assignments;
  std::vector<ResourceRef> listeners;
  std::vector<ResourceRef> route_tables;
  std::vector<ResourceRef> secrets;
  std::vector<ResourceRef> name_tables;
};

// One entry of the ordered list of steps; `reason` says what would be missing without it.
struct Step {
  std::string_view name;
  std::string_view reason;
};
[[nodiscard]] std::span<const Step> steps();

// Steps left out, by position in steps(): to see what one of them does, or costs.
using StepSwitches = std::bitset<16>;

// The snapshot is not null and never changes again; the cache keeps the last one it saw. Alternating between snapshots
// works but indexes each of them anew: translate all proxies for one before the next.
[[nodiscard]] ProxyConfig compile(const model::SnapshotRef& snapshot, const Proxy& proxy, Cache& cache,
                                  StepSwitches off = {});
[[nodiscard]] ResourceSet translate(const model::SnapshotRef& snapshot, const Proxy& proxy, Cache& cache,
                                    StepSwitches off = {});

}  // namespace ripstop::translate
