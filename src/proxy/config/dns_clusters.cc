#include "proxy/config/dns_clusters.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "runtime/reactor.h"
#include "runtime/wait.h"

namespace ripstop::proxy {
namespace {

constexpr Duration kLookupTimeout = std::chrono::seconds(5);
constexpr Duration kShortestRefresh = std::chrono::seconds(1);

bool is_by_dns(const model::Cluster& cluster) {
  return (cluster.discovery == model::Discovery::kStrictDns || cluster.discovery == model::Discovery::kLogicalDns) &&
         cluster.assignment.has_value();
}

}  // namespace

void DnsClusters::follow(const std::map<std::string, ClusterSettingsRef>& clusters) {
  std::erase_if(followed_, [&clusters](const auto& item) {
    const auto found = clusters.find(item.first);
    return found == clusters.end() || found->second != item.second->settings;
  });
  for (const auto& [name, settings] : clusters) {
    if (!is_by_dns(*settings->model) || followed_.contains(name)) continue;
    auto& followed = followed_[name];
    followed = std::make_unique<Followed>();
    followed->settings = settings;
    followed->scope.spawn(keep_fresh(settings));
  }
}

// Addresses that are literals already are taken as they are.
runtime::Task<bool> DnsClusters::look_up(const model::Cluster& cluster, model::LoadAssignment& found,
                                         Duration& refresh) {
  const bool one_answer = cluster.discovery == model::Discovery::kLogicalDns;
  bool all_known = true;
  for (const model::LocalityEndpoints& locality : cluster.assignment->localities) {
    model::LocalityEndpoints& resolved = found.localities.emplace_back(locality);
    resolved.endpoints.clear();
    for (const model::Endpoint& endpoint : locality.endpoints) {
      if (endpoint.hostname.empty()) {
        resolved.endpoints.push_back(endpoint);
        continue;
      }
      const TimePoint deadline = runtime::Reactor::current().now() + kLookupTimeout;
      auto answer = co_await resolver_.resolve(endpoint.hostname, net::AddressFamily::kBoth, deadline);
      if (!answer) {
        log::warning("proxy.dns", "cluster " + cluster.name + ": " + answer.error().message);
        all_known = false;
        continue;
      }
      const Duration lives = std::max<Duration>(answer->time_to_live, kShortestRefresh);
      refresh = std::min(refresh, std::max(lives, cluster.dns_refresh));
      if (one_answer) answer->addresses.resize(1);
      for (const IpAddress& address : answer->addresses) {
        resolved.endpoints.push_back(endpoint);
        resolved.endpoints.back().address.ip = address;
      }
    }
  }
  co_return all_known;
}

runtime::Task<void> DnsClusters::keep_fresh(ClusterSettingsRef cluster) {
  const model::Cluster& model = *cluster->model;
  model::LoadAssignment known;
  for (;;) {
    model::LoadAssignment found;
    found.cluster = model.name;
    Duration refresh = std::max(model.dns_refresh, kShortestRefresh);
    const bool all_known = co_await look_up(model, found, refresh);
    const bool is_news = (all_known || known.cluster.empty()) && !(found == known);
    if (is_news) {
      known = found;
      // Later: publishing may come back to follow(), which may end this very coroutine.
      runtime::Reactor::current().defer(
          [store = &store_, found = std::move(found)]() mutable { store->set_assignment(std::move(found)); });
    }
    co_await runtime::sleep_for(refresh);
  }
}

}  // namespace ripstop::proxy
