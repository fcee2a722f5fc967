// Picks one of a fixed list of hosts. One object per list, so it may keep a position; HostSet decides which list.
//
// A new balancer is a file of its own, an enumerator in model/cluster.h and a line in balancer.cc.
#pragma once

#include <memory>
#include <span>

#include "base/random.h"
#include "model/cluster.h"
#include "policy/balance/host.h"

namespace ripstop::policy {

class Balancer {
 public:
  virtual ~Balancer() = default;
  // Begins anew with these hosts, at least one; the list must outlive the next begin. Allocates only here.
  virtual void begin(std::span<Host* const> hosts, Random& random) = 0;
  [[nodiscard]] virtual Host& pick(Random& random) = 0;
};

struct BalancerSettings {
  model::Balancing kind = model::Balancing::kRoundRobin;
  uint32_t choices = 2;  // kLeastRequest: how many hosts are drawn
};

// kClusterProvided has no endpoints to choose from where it means the original destination; where it has, round robin.
[[nodiscard]] std::unique_ptr<Balancer> make_balancer(const BalancerSettings& settings);

}  // namespace ripstop::policy
