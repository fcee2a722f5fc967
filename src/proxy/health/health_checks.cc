#include "proxy/health/health_checks.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/log.h"
#include "proxy/health/probe.h"
#include "runtime/reactor.h"
#include "runtime/wait.h"

namespace ripstop::proxy {
namespace {

using policy::HealthProbe;

// Null while the endpoints are not known, and where there is nothing to check.
const model::LoadAssignment* endpoints_of(const model::Cluster& cluster, const HealthChecks::Assignments& assignments) {
  if (!cluster.health_check) return nullptr;
  if (cluster.discovery == model::Discovery::kStatic) return cluster.assignment ? &*cluster.assignment : nullptr;
  const auto found = assignments.find(cluster.name);
  return found == assignments.end() ? nullptr : found->second.get();
}

}  // namespace

void HealthChecks::follow(const Clusters& clusters, const Assignments& assignments) {
  std::erase_if(checked_, [&clusters](const auto& item) {
    const auto found = clusters.find(item.first);
    return found == clusters.end() || !found->second->model->health_check;
  });
  for (const auto& [name, settings] : clusters) {
    const model::LoadAssignment* endpoints = endpoints_of(*settings->model, assignments);
    if (endpoints == nullptr) continue;
    auto& checked = checked_[name];
    if (!checked) checked = std::make_unique<Checked>();
    const bool is_changed = checked->settings != settings;
    checked->settings = settings;
    if (is_changed) checked->connector = std::make_shared<UpstreamCluster>(settings, context_);
    follow(*checked, *endpoints, is_changed);
  }
}

void HealthChecks::follow(Checked& checked, const model::LoadAssignment& assignment, bool is_changed) {
  std::map<SocketAddress, std::unique_ptr<Host>> before = std::exchange(checked.hosts, {});
  // A check may be over at once, and must see all hosts then.
  std::vector<std::pair<Host*, const model::Endpoint*>> new_ones;
  for (const model::LocalityEndpoints& locality : assignment.localities) {
    for (const model::Endpoint& endpoint : locality.endpoints) {
      auto [at, is_first] = checked.hosts.try_emplace(endpoint.address);
      if (!is_first) continue;
      const auto known = before.find(endpoint.address);
      at->second = known != before.end() ? std::move(known->second) : std::make_unique<Host>();
      Host& host = *at->second;
      const bool goes_on = host.where && !is_changed && host.where->endpoint->takes_mtls == endpoint.takes_mtls;
      if (!goes_on) new_ones.emplace_back(&host, &endpoint);
    }
  }
  const bool loses_one = std::ranges::any_of(
      before, [](const auto& item) { return item.second != nullptr && item.second->state.is_passing(); });
  if (loses_one) publish(checked);
  for (const auto& [host, endpoint] : new_ones) begin(checked, *host, *endpoint);
}

void HealthChecks::begin(Checked& checked, Host& host, const model::Endpoint& endpoint) {
  auto where = std::make_shared<model::Endpoint>(endpoint);
  if (const uint16_t port = checked.check().alt_port; port != 0) where->address.port = port;
  host.where = policy::HostRef(new policy::Host(std::move(where), 0));
  host.scope.cancel();
  host.scope.spawn(keep_checking(checked, host));
}

runtime::Task<void> HealthChecks::keep_checking(Checked& checked, Host& host) {
  runtime::Reactor& reactor = runtime::Reactor::current();
  if (const Duration jitter = checked.check().initial_jitter; jitter > Duration::zero() && !host.state.is_known()) {
    const uint64_t pause = context_.random.below(static_cast<uint64_t>(jitter.count()));
    co_await runtime::sleep_for(Duration(static_cast<Duration::rep>(pause)));
  }
  for (;;) {
    ++checked.figures.attempt;
    const HealthProbe result = co_await probe(checked.connector, host.where, reactor.now() + checked.check().timeout);
    count(checked, result);
    if (host.state.record(result, checked.check())) {
      log::info("proxy.health", checked.settings->model->name + ": " + host.where->endpoint->address.to_string() +
                                    (host.state.is_passing() ? " passes its checks" : " fails its checks"));
      publish(checked);
    }
    progress_.set();
    co_await runtime::sleep_for(policy::pause_before_check(checked.check(), host.state.is_passing(), context_.random));
  }
}

void HealthChecks::count(Checked& checked, HealthProbe result) {
  Figures& figures = checked.figures;
  ++(result == HealthProbe::kPassed ? figures.success : figures.failure);
  if (result == HealthProbe::kUnreachable) ++figures.network_failure;
}

void HealthChecks::publish(const Checked& checked) const {
  auto passing = std::make_shared<policy::PassingHosts>();
  for (const auto& [address, host] : checked.hosts) {
    if (host->state.is_passing()) passing->insert(address);
  }
  publish_(checked.settings->model->name, std::move(passing));
}

std::map<std::string_view, HealthChecks::Figures> HealthChecks::figures() const {
  std::map<std::string_view, Figures> all;
  for (const auto& [name, checked] : checked_) {
    Figures& figures = all.emplace(name, checked->figures).first->second;
    figures.healthy = static_cast<uint64_t>(
        std::ranges::count_if(checked->hosts, [](const auto& item) { return item.second->state.is_passing(); }));
  }
  return all;
}

bool HealthChecks::is_settled() const {
  return std::ranges::all_of(checked_, [](const auto& item) {
    return std::ranges::all_of(item.second->hosts, [](const auto& host) { return host.second->state.is_known(); });
  });
}

}  // namespace ripstop::proxy
