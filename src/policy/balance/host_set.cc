#include "policy/balance/host_set.h"

#include <algorithm>
#include <bit>
#include <map>

namespace ripstop::policy {
namespace {

using Key = std::pair<SocketAddress, std::string_view>;

Key key_of(const model::Endpoint& endpoint) {
  return {endpoint.address, endpoint.hostname};
}

enum class Condition : uint8_t { kHealthy, kDegraded, kUnhealthy };

Condition condition_of(const Host& host) {
  if (host.outlier.is_ejected || host.fails_checks) return Condition::kUnhealthy;
  switch (host.endpoint->health) {
    case model::Health::kUnknown:
    case model::Health::kHealthy:
      return Condition::kHealthy;
    case model::Health::kDegraded:
      return Condition::kDegraded;
    case model::Health::kUnhealthy:
    case model::Health::kDraining:
    case model::Health::kTimeout:
      break;
  }
  return Condition::kUnhealthy;
}

// Envoy's bound, so that a hostile assignment cannot make tables of four thousand million priorities.
uint32_t priority_of(const model::LocalityEndpoints& locality) {
  constexpr uint32_t kLowest = 128;
  return std::min(locality.priority, kLowest);
}

bool is_avoided(std::span<const Host* const> avoid, const Host* host) {
  return std::ranges::find(avoid, host) != avoid.end();
}

}  // namespace

HostSet::HostSet(const model::Cluster& cluster)
    : settings_{cluster.balancing, cluster.least_request_choices}, panic_percent_(cluster.panic_percent) {}

void HostSet::update(std::shared_ptr<const model::LoadAssignment> assignment, Random& random) {
  // The old assignment, and so the names in the keys, lives until the end.
  const std::vector<HostRef> old = std::exchange(hosts_, {});
  std::map<Key, HostRef> known;
  for (const HostRef& host : old) {
    host->is_member = false;
    known.emplace(key_of(*host->endpoint), host);
  }
  locality_of_.clear();
  ejected_count_ = 0;
  for (uint32_t locality = 0; locality < assignment->localities.size(); ++locality) {
    const model::LocalityEndpoints& group = assignment->localities[locality];
    for (const model::Endpoint& endpoint : group.endpoints) {
      std::shared_ptr<const model::Endpoint> source(assignment, &endpoint);
      auto [at, is_new] = known.try_emplace(key_of(endpoint));
      if (is_new) {
        at->second = HostRef(new Host(source, priority_of(group)));
      } else if (at->second->is_member) {
        continue;
      }
      HostRef& host = at->second;
      host->endpoint = std::move(source);
      host->priority = priority_of(group);
      host->is_member = true;
      note_checks(*host);
      ejected_count_ += host->outlier.is_ejected ? 1 : 0;
      hosts_.push_back(host);
      locality_of_.push_back(locality);
    }
  }
  std::swap(assignment_, assignment);
  rebalance(random);
}

void HostSet::note_checks(Host& host) const {
  host.fails_checks = passing_ && !passing_->contains(host.endpoint->address);
}

void HostSet::set_passing(std::shared_ptr<const PassingHosts> passing, Random& random) {
  passing_ = std::move(passing);
  for (const HostRef& host : hosts_) note_checks(*host);
  if (assignment_) rebalance(random);
}

void HostSet::eject(Host& host, TimePoint now, Random& random) {
  if (host.outlier.is_ejected || !host.is_member) return;
  host.outlier.is_ejected = true;
  host.outlier.ejected_at = now;
  ++ejected_count_;
  rebalance(random);
}

void HostSet::restore(Host& host, Random& random) {
  if (!host.outlier.is_ejected) return;
  host.outlier.is_ejected = false;
  if (!host.is_member) return;
  --ejected_count_;
  rebalance(random);
}

std::vector<PriorityHealth> HostSet::count_health() const {
  std::vector<PriorityHealth> priorities;
  for (const HostRef& host : hosts_) {
    if (host->priority >= priorities.size()) priorities.resize(host->priority + 1);
    PriorityHealth& counts = priorities[host->priority];
    const Condition condition = condition_of(*host);
    ++counts.total;
    counts.healthy += condition == Condition::kHealthy ? 1 : 0;
    counts.degraded += condition == Condition::kDegraded ? 1 : 0;
  }
  return priorities;
}

void HostSet::rebalance(Random& random) {
  loads_ = priority_loads(count_health(), assignment_->overprovisioning_percent, panic_percent_);
  priorities_.clear();
  priorities_.resize(loads_.size());
  for (uint32_t priority = 0; priority < loads_.size(); ++priority) {
    const PriorityLoad& load = loads_[priority];
    if (load.is_panic) {
      priorities_[priority].healthy = make_pool(priority, Kind::kAny, random);
      continue;
    }
    if (load.healthy_percent > 0) priorities_[priority].healthy = make_pool(priority, Kind::kHealthy, random);
    if (load.degraded_percent > 0) priorities_[priority].degraded = make_pool(priority, Kind::kDegraded, random);
  }
}

bool HostSet::uses_locality_weights(uint32_t priority) const {
  std::vector<uint64_t> sums(assignment_->localities.size());
  for (size_t i = 0; i < hosts_.size(); ++i) sums[locality_of_[i]] += hosts_[i]->weight();
  bool is_weighted = false;
  bool says_more = false;
  for (size_t i = 0; i < sums.size(); ++i) {
    const model::LocalityEndpoints& locality = assignment_->localities[i];
    if (priority_of(locality) != priority) continue;
    is_weighted = is_weighted || locality.weight > 0;
    says_more = says_more || locality.weight != sums[i];
  }
  return is_weighted && says_more;
}

// One group per locality that has hosts of the kind and a weight; none when no locality has both.
void HostSet::divide_by_locality(uint32_t priority, Kind kind, std::vector<Group>& groups) const {
  struct Share {
    std::vector<Host*> usable;
    uint64_t total = 0;
  };
  const std::vector<model::LocalityEndpoints>& localities = assignment_->localities;
  std::vector<Share> shares(localities.size());
  for (size_t i = 0; i < hosts_.size(); ++i) {
    if (hosts_[i]->priority != priority) continue;
    Share& share = shares[locality_of_[i]];
    const auto wanted = kind == Kind::kHealthy ? Condition::kHealthy : Condition::kDegraded;
    ++share.total;
    if (condition_of(*hosts_[i]) == wanted) share.usable.push_back(hosts_[i].get());
  }
  constexpr uint64_t kAll = 100;
  for (size_t i = 0; i < shares.size(); ++i) {
    if (shares[i].usable.empty() || localities[i].weight == 0) continue;
    const uint64_t available =
        std::min(kAll, assignment_->overprovisioning_percent * shares[i].usable.size() / shares[i].total);
    if (available == 0) continue;
    groups.push_back({std::move(shares[i].usable), nullptr, localities[i].weight * available});
  }
}

HostSet::Pool HostSet::make_pool(uint32_t priority, Kind kind, Random& random) const {
  Pool pool;
  if (kind != Kind::kAny && uses_locality_weights(priority)) divide_by_locality(priority, kind, pool.groups);
  if (pool.groups.empty()) {
    Group& group = pool.groups.emplace_back();
    for (const HostRef& host : hosts_) {
      const Condition condition = condition_of(*host);
      const bool fits =
          kind == Kind::kAny || condition == (kind == Kind::kHealthy ? Condition::kHealthy : Condition::kDegraded);
      if (host->priority == priority && fits) group.hosts.push_back(host.get());
    }
    if (group.hosts.empty()) return {};
  }
  const uint64_t heaviest = std::ranges::max_element(pool.groups, {}, &Group::weight)->weight;
  const int excess = std::max(0, static_cast<int>(std::bit_width(heaviest)) - 32);
  std::vector<uint32_t> weights;
  for (Group& group : pool.groups) {
    group.balancer = make_balancer(settings_);
    group.balancer->begin(group.hosts, random);
    group.weight = std::max<uint64_t>(1, group.weight >> excess);
    weights.push_back(static_cast<uint32_t>(group.weight));
  }
  if (weights.size() > 1) pool.localities.assign(weights, random);
  return pool;
}

HostSet::Pool* HostSet::choose_pool(Random& random) {
  constexpr uint32_t kAll = 100;
  if (loads_.empty()) return nullptr;
  if (loads_.front().healthy_percent == kAll) return &priorities_.front().healthy;
  const uint64_t drawn = random.below(kAll);
  uint64_t passed = 0;
  for (size_t i = 0; i < loads_.size(); ++i) {
    passed += loads_[i].healthy_percent;
    if (drawn < passed) return &priorities_[i].healthy;
  }
  for (size_t i = 0; i < loads_.size(); ++i) {
    passed += loads_[i].degraded_percent;
    if (drawn < passed) return loads_[i].is_panic ? &priorities_[i].healthy : &priorities_[i].degraded;
  }
  return nullptr;
}

HostSet::Group* HostSet::choose_group(Pool& pool) {
  if (pool.groups.size() <= 1) return pool.groups.empty() ? nullptr : &pool.groups.front();
  Group& group = pool.groups[pool.localities.top()];
  pool.localities.advance(static_cast<uint32_t>(group.weight));
  return &group;
}

Host* HostSet::pick(const PickContext& context, Random& random) {
  Pool* pool = nullptr;
  Host* host = nullptr;
  for (uint32_t attempt = 0; attempt <= context.attempts; ++attempt) {
    pool = choose_pool(random);
    Group* group = pool == nullptr ? nullptr : choose_group(*pool);
    if (group == nullptr) return nullptr;
    host = &group->balancer->pick(random);
    if (!is_avoided(context.avoid, host)) return host;
  }
  for (const Group& group : pool->groups) {
    const size_t start = random.below(group.hosts.size());
    for (size_t i = 0; i < group.hosts.size(); ++i) {
      Host* other = group.hosts[(start + i) % group.hosts.size()];
      if (!is_avoided(context.avoid, other)) return other;
    }
  }
  return host;
}

}  // namespace ripstop::policy
