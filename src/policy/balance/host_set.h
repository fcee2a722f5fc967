// The endpoints of one cluster on one worker, and the choice among them: priority by load, locality by weight, host by
// the cluster's balancer. Follows Envoy where it does not say otherwise.
//
// Health: kHealthy and kUnknown are healthy, kDegraded is degraded, everything else and what outlier detection ejected
// is unhealthy, and so is what active checks have not found healthy, where there are any; see priority_load.h for what
// follows from the counts.
//
// Localities: within a priority whose localities carry weights, a locality is drawn by its weight times its
// availability (at most 1; its share of available hosts times the overprovisioning factor); one without a weight gets
// nothing. Weights that merely repeat the sums of the endpoints' own weights, as istiod always sends, change nothing
// and are not looked at. In panic, localities do not count.
//
// One thread. update() and rebalance() allocate and are O(n log n); pick() does not and is O(1) or O(log n).
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <vector>

#include "base/random.h"
#include "model/cluster.h"
#include "policy/balance/balancer.h"
#include "policy/balance/host.h"
#include "policy/balance/priority_load.h"
#include "policy/balance/schedule.h"

namespace ripstop::policy {

struct PickContext {
  // Hosts that earlier attempts of the same request used …
  std::span<const Host* const> avoid;
  // … and how often to pick again to get round them. When that was not enough, the neighbours of the last pick are gone
  // through for one to use, so that a retry avoids a failed host whenever its priority has another; only if there is
  // none does the last pick stand. (Envoy stops after the attempts.)
  uint32_t attempts = 1;
};

// The hosts that active health checks have found healthy.
using PassingHosts = std::set<SocketAddress>;

class HostSet {
 public:
  // The cluster is read here and not kept.
  explicit HostSet(const model::Cluster& cluster);

  // Takes a new assignment. A host that has the same address (and host name) as before keeps its state and its
  // attachment. The first of several endpoints with the same address counts, the others are left out.
  void update(std::shared_ptr<const model::LoadAssignment> assignment, Random& random);

  // The host for one attempt; nullptr: no host may be used (answer 503, flag UH). Wrap it in an ActiveRequest.
  [[nodiscard]] Host* pick(const PickContext& context, Random& random);

  // All hosts of the assignment, in its order.
  [[nodiscard]] std::span<const HostRef> hosts() const { return hosts_; }
  [[nodiscard]] uint32_t ejected_count() const { return ejected_count_; }
  // Index is the priority; empty when there is no assignment yet.
  [[nodiscard]] std::span<const PriorityLoad> loads() const { return loads_; }

  // Null, as at first: the hosts are not checked.
  void set_passing(std::shared_ptr<const PassingHosts> passing, Random& random);

  // Takes the host out of the choice or back into it; nothing when it already is.
  void eject(Host& host, TimePoint now, Random& random);
  void restore(Host& host, Random& random);

 private:
  struct Group {  // hosts one balancer chooses among
    std::vector<Host*> hosts;
    std::unique_ptr<Balancer> balancer;
    uint64_t weight = 1;  // of the locality; fits 32 bits once the pool is made
  };
  struct Pool {
    std::vector<Group> groups;
    Schedule localities;  // empty when there is one group
  };
  struct Priority {
    Pool healthy;  // all hosts in panic
    Pool degraded;
  };

  void rebalance(Random& random);
  void note_checks(Host& host) const;
  [[nodiscard]] std::vector<PriorityHealth> count_health() const;
  enum class Kind : uint8_t { kHealthy, kDegraded, kAny };
  Pool make_pool(uint32_t priority, Kind kind, Random& random) const;
  [[nodiscard]] bool uses_locality_weights(uint32_t priority) const;
  void divide_by_locality(uint32_t priority, Kind kind, std::vector<Group>& groups) const;
  [[nodiscard]] Pool* choose_pool(Random& random);
  [[nodiscard]] static Group* choose_group(Pool& pool);

  BalancerSettings settings_;
  uint32_t panic_percent_;
  std::shared_ptr<const model::LoadAssignment> assignment_;
  std::shared_ptr<const PassingHosts> passing_;
  std::vector<HostRef> hosts_;
  std::vector<uint32_t> locality_of_;  // of hosts_[i], an index into the assignment's localities
  std::vector<PriorityLoad> loads_;
  std::vector<Priority> priorities_;
  uint32_t ejected_count_ = 0;
};

}  // namespace ripstop::policy
