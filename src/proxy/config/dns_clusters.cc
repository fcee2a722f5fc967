#include "proxy/config/dns_clusters.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "runtime/reactor.h"
#include "runtime/wait.h"

namespace ripstop::proxy {
namespace {

constexpr Duration kLookupTimeout = std::chrono::seconds(5);

bool is_by_dns(const model::Cluster& cluster) {
  return (cluster.discovery == model::Discovery::kStrictDns || cluster.discovery == model::Discovery::kLogicalDns) &&
         cluster.assignment.has_value();
}

}  // namespace

void DnsClusters::follow(const std::map<std::string, ClusterSettingsRef>& clusters) {
  std::erase_if(followed_, [&clusters](const auto& item) {
    const auto found = clusters.find(item.first);
    return found == clusters.end() || !is_by_dns(*found->second->model);
  });
  for (const auto& [name, settings] : clusters) {
    if (!is_by_dns(*settings->model)) continue;
    auto& followed = followed_[name];
    if (followed && followed->settings == settings) continue;
    // A changed cluster begins with what is known of its names.
    auto fresh = std::make_unique<Followed>();
    fresh->settings = settings;
    if (followed) fresh->last = std::move(followed->last);
    followed = std::move(fresh);
    followed->scope.spawn(keep_fresh(*followed));
  }
}

// Addresses that are literals already are taken as they are. A name that cannot be looked up now keeps the addresses it
// had.
runtime::Task<void> DnsClusters::look_up_all(const model::Cluster& cluster, Addresses& last,
                                             model::LoadAssignment& found) {
  const bool one_answer = cluster.discovery == model::Discovery::kLogicalDns;
  for (const model::LocalityEndpoints& locality : cluster.assignment->localities) {
    model::LocalityEndpoints& resolved = found.localities.emplace_back(locality);
    resolved.endpoints.clear();
    for (const model::Endpoint& endpoint : locality.endpoints) {
      if (endpoint.hostname.empty()) {
        resolved.endpoints.push_back(endpoint);
        continue;
      }
      const TimePoint deadline = runtime::Reactor::current().now() + kLookupTimeout;
      auto answer = co_await look_up_(endpoint.hostname, deadline);
      std::vector<IpAddress>& addresses = last[endpoint.hostname];
      if (answer) {
        addresses = std::move(answer->addresses);
        if (one_answer) addresses.resize(1);
        // Servers turn their answers round; that is no change.
        std::ranges::sort(addresses);
      } else {
        log::warning("proxy.dns", "cluster " + cluster.name + ": " + answer.error().message);
      }
      for (const IpAddress& address : addresses) {
        resolved.endpoints.push_back(endpoint);
        resolved.endpoints.back().address.ip = address;
      }
    }
  }
}

runtime::Task<void> DnsClusters::keep_fresh(Followed& followed) {
  const ClusterSettingsRef cluster = followed.settings;
  const Duration refresh = std::max(cluster->model->dns_refresh, shortest_refresh_);
  model::LoadAssignment known;
  for (;;) {
    model::LoadAssignment found;
    found.cluster = cluster->model->name;
    co_await look_up_all(*cluster->model, followed.last, found);
    if (!(found == known)) {
      known = found;
      // Later: publishing may come back to follow(), which may end this very coroutine.
      runtime::Reactor::current().defer(
          [store = &store_, found = std::move(found)]() mutable { store->set_assignment(std::move(found)); });
    }
    co_await runtime::sleep_for(refresh);
  }
}

}  // namespace ripstop::proxy
