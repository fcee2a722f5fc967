#include <gtest/gtest.h>

#include <algorithm>

#include "translate/testing/bookinfo.h"
#include "translate/translate.h"
#include "xds/decode.h"

namespace ripstop::translate {
namespace {

using testing::share;

// Machine and pod, open and registry-only, so that every kind of listener and cluster is among them.
std::vector<std::pair<model::SnapshotRef, Proxy>> cases() {
  model::Snapshot mesh = testing::bookinfo();
  const model::SnapshotRef open = share(mesh);
  mesh.settings.registry_only = true;
  mesh.settings.access_log = true;
  mesh.mesh.destination_policies[0].policy.outlier = model::OutlierDetection{};
  mesh.mesh.destination_policies[0].policy.connection_pool = model::ConnectionPool{.max_connections = 7};
  const model::SnapshotRef closed = share(mesh);
  const Proxy machine = testing::proxy(mesh.mesh.workloads.front());
  Proxy pod = testing::proxy(mesh.mesh.workloads.back());
  pod.shares_namespace = true;
  pod.inbound.clear();
  return {{open, machine}, {closed, machine}, {open, pod}, {closed, pod}};
}

template <typename T, typename Decode>
void expect_round_trip(const Items<T>& items, const std::vector<ResourceRef>& resources, Decode decode) {
  ASSERT_EQ(items.size(), resources.size());
  for (size_t index = 0; index < items.size(); ++index) {
    const auto decoded = decode(resources[index]->body);
    ASSERT_TRUE(decoded) << resources[index]->name << ": " << decoded.error().message;
    EXPECT_EQ(*decoded, **items[index]) << resources[index]->name;
  }
}

TEST(Resources, SayOnTheWireAllThatThePassesDecided) {
  for (const auto& [snapshot, proxy] : cases()) {
    Cache cache;
    const ProxyConfig config = compile(snapshot, proxy, cache);
    const ResourceSet resources = translate(snapshot, proxy, cache);
    expect_round_trip(config.clusters, resources.clusters, xds::decode_cluster);
    expect_round_trip(config.assignments, resources.assignments, xds::decode_load_assignment);
    expect_round_trip(config.listeners, resources.listeners, xds::decode_listener);
    expect_round_trip(config.route_tables, resources.route_tables, xds::decode_route_table);
    expect_round_trip(config.secrets, resources.secrets, xds::decode_secret);
    expect_round_trip(config.name_tables, resources.name_tables, xds::decode_name_table);
  }
}

TEST(Resources, AreSortedAndNamedOnce) {
  for (const auto& [snapshot, proxy] : cases()) {
    Cache cache;
    const ResourceSet set = translate(snapshot, proxy, cache);
    for (const auto* list : {&set.clusters, &set.assignments, &set.listeners, &set.route_tables}) {
      const auto out_of_order = std::ranges::adjacent_find(
          *list, [](const ResourceRef& left, const ResourceRef& right) { return left->name >= right->name; });
      EXPECT_EQ(out_of_order, list->end()) << (out_of_order == list->end() ? "" : (*out_of_order)->name);
    }
  }
}

TEST(Resources, GoThroughTheSameBytesAfterARestart) {
  const auto [snapshot, proxy] = cases().front();
  Cache before;
  Cache after;
  const ResourceSet first = translate(snapshot, proxy, before);
  model::Snapshot shuffled = *snapshot;
  testing::shuffle(shuffled.mesh, 7);
  const ResourceSet second = translate(share(std::move(shuffled)), proxy, after);
  ASSERT_EQ(first.listeners.size(), second.listeners.size());
  for (size_t index = 0; index < first.listeners.size(); ++index) {
    EXPECT_EQ(*first.listeners[index], *second.listeners[index]);
  }
  for (size_t index = 0; index < first.clusters.size(); ++index) {
    EXPECT_EQ(*first.clusters[index], *second.clusters[index]);
  }
}

TEST(Resources, ThatDidNotChangeAreTheSameObject) {
  model::Snapshot mesh = testing::bookinfo();
  const Proxy proxy = testing::proxy(mesh.mesh.workloads.front());
  Cache cache;
  const ResourceSet before = translate(share(mesh), proxy, cache);
  mesh.mesh.workloads[2].inbound[9080].port = 29999;
  const ResourceSet after = translate(share(mesh), proxy, cache);
  EXPECT_EQ(before.clusters, after.clusters);
  EXPECT_EQ(before.listeners, after.listeners);
  EXPECT_EQ(before.route_tables, after.route_tables);
  EXPECT_EQ(before.name_tables, after.name_tables);
  EXPECT_NE(before.assignments, after.assignments);
}

}  // namespace
}  // namespace ripstop::translate
