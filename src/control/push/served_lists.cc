#include "control/push/served_lists.h"

#include <utility>

#include "base/hash.h"

namespace ripstop::control {
namespace {

uint64_t hash_of(size_t type, const std::vector<translate::ResourceRef>& resources) {
  std::vector<uintptr_t> words = {type};
  words.reserve(resources.size() + 1);
  for (const translate::ResourceRef& resource : resources) words.push_back(reinterpret_cast<uintptr_t>(resource.get()));
  return content_hash({reinterpret_cast<const char*>(words.data()), words.size() * sizeof(uintptr_t)});
}

template <typename T>
std::vector<translate::ResourceRef> refs_of(const translate::Items<T>& items) {
  std::vector<translate::ResourceRef> refs;
  refs.reserve(items.size());
  for (const auto& item : items) refs.push_back(item->resource());
  return refs;
}

// Of each cluster the name of the assignment that a client of it waits for; empty where it waits for none.
std::vector<std::string> assignments_of(const translate::Items<model::Cluster>& clusters) {
  std::vector<std::string> names;
  names.reserve(clusters.size());
  for (const auto& item : clusters) {
    const model::Cluster& cluster = **item;
    const std::string& name = cluster.eds_name.empty() ? cluster.name : cluster.eds_name;
    names.push_back(cluster.discovery == model::Discovery::kEds ? name : std::string());
  }
  return names;
}

std::shared_ptr<const xds::ServedType> serve(const std::vector<translate::ResourceRef>& resources,
                                             const std::vector<std::string>& assignments) {
  auto type = std::make_shared<xds::ServedType>();
  std::string versions;
  for (size_t i = 0; i < resources.size(); ++i) {
    const translate::ResourceRef& resource = resources[i];
    versions.append(resource->name).append("=").append(resource->version).append(";");
    xds::ServedResource served{.version = resource->version,
                               .body = std::shared_ptr<const std::string>(resource, &resource->body),
                               .assignment = assignments.empty() ? std::string() : assignments[i]};
    type->resources.emplace_hint(type->resources.end(), resource->name, std::move(served));
  }
  type->version = content_version(versions);
  return type;
}

std::vector<std::string> changed_names(const std::vector<translate::ResourceRef>& before,
                                       const std::vector<translate::ResourceRef>& after) {
  std::vector<std::string> names;
  size_t old = 0;
  size_t now = 0;
  while (old < before.size() || now < after.size()) {
    if (old < before.size() && now < after.size() && before[old] == after[now]) {
      ++old;
      ++now;
      continue;
    }
    const bool has_old = old < before.size() && (now == after.size() || before[old]->name <= after[now]->name);
    const bool has_new = now < after.size() && (old == before.size() || after[now]->name <= before[old]->name);
    names.push_back(has_old ? before[old]->name : after[now]->name);
    old += has_old ? 1 : 0;
    now += has_new ? 1 : 0;
  }
  return names;
}

}  // namespace

std::shared_ptr<const ServedList> ServedListPool::share(size_t type, Refs resources,
                                                        const std::vector<std::string>& assignments) {
  // A list that is alive keeps its resources alive, so an equal address is the same resource.
  std::weak_ptr<const ServedList>& known = known_[hash_of(type, resources)];
  if (auto same = known.lock(); same && same->resources == resources) return same;
  auto list = std::make_shared<ServedList>();
  list->served = serve(resources, assignments);
  list->resources = std::move(resources);
  known = list;
  return list;
}

ServedLists ServedListPool::make(const translate::ProxyConfig& config) {
  static_assert(xds::kTypeOrder[0] == xds::type::kCluster && xds::kTypeOrder[1] == xds::type::kLoadAssignment &&
                xds::kTypeOrder[2] == xds::type::kListener && xds::kTypeOrder[3] == xds::type::kRouteTable &&
                xds::kTypeOrder[4] == xds::type::kSecret && xds::kTypeOrder[5] == xds::type::kNameTable);
  return {share(0, refs_of(config.clusters), assignments_of(config.clusters)),
          share(1, refs_of(config.assignments), {}),
          share(2, refs_of(config.listeners), {}),
          share(3, refs_of(config.route_tables), {}),
          share(4, refs_of(config.secrets), {}),
          share(5, refs_of(config.name_tables), {})};
}

void ServedListPool::sweep() {
  std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
}

xds::ServedSet set_of(const ServedLists& lists) {
  xds::ServedSet set;
  for (size_t type = 0; type < lists.size(); ++type) {
    if (lists[type]) set.emplace(xds::kTypeOrder[type], lists[type]->served);
  }
  return set;
}

xds::ServerSession::ChangedNames changes_between(const ServedLists& before, const ServedLists& after) {
  xds::ServerSession::ChangedNames changes;
  for (size_t type = 0; type < after.size(); ++type) {
    if (!before[type] || !after[type] || before[type] == after[type]) continue;
    changes.emplace(xds::kTypeOrder[type], changed_names(before[type]->resources, after[type]->resources));
  }
  return changes;
}

}  // namespace ripstop::control
