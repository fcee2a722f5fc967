#include "control/push/served_types.h"

#include <string_view>
#include <utility>

#include "base/hash.h"

namespace ripstop::control {
namespace {

// The objects live as long as the ServedType made of them, so equal addresses mean equal lists while it is alive.
uint64_t hash_of(const std::vector<translate::ResourceRef>& list, bool is_cluster) {
  std::vector<const void*> addresses = {reinterpret_cast<const void*>(is_cluster ? 2 : 1)};
  addresses.reserve(list.size() + 1);
  for (const translate::ResourceRef& resource : list) addresses.push_back(resource.get());
  return content_hash({reinterpret_cast<const char*>(addresses.data()), addresses.size() * sizeof(void*)});
}

}  // namespace

ServedTypes::Part ServedTypes::part(const std::vector<translate::ResourceRef>& list, bool is_cluster,
                                    const xds::ServedType* assignments) {
  std::weak_ptr<const xds::ServedType>& known = known_[hash_of(list, is_cluster)];
  if (Part same = known.lock()) return same;
  auto made = std::make_shared<xds::ServedType>();
  std::string versions;
  for (const translate::ResourceRef& resource : list) {
    xds::ServedResource served;
    served.version = resource->version;
    served.body = std::shared_ptr<const std::string>(resource, &resource->body);
    const bool by_eds = is_cluster && assignments != nullptr && assignments->resources.contains(resource->name);
    if (by_eds) served.assignment = resource->name;
    versions += resource->name + "=" + resource->version + ";";
    made->resources.emplace(resource->name, std::move(served));
  }
  made->version = content_version(versions);
  Part shared = std::move(made);
  known = shared;
  return shared;
}

xds::ServedSet ServedTypes::make(const translate::ResourceSet& resources) {
  xds::ServedSet set;
  const Part assignments = part(resources.assignments, false, nullptr);
  set[std::string(xds::type::kCluster)] = part(resources.clusters, true, assignments.get());
  set[std::string(xds::type::kLoadAssignment)] = assignments;
  set[std::string(xds::type::kListener)] = part(resources.listeners, false, nullptr);
  set[std::string(xds::type::kRouteTable)] = part(resources.route_tables, false, nullptr);
  set[std::string(xds::type::kSecret)] = part(resources.secrets, false, nullptr);
  set[std::string(xds::type::kNameTable)] = part(resources.name_tables, false, nullptr);
  return set;
}

void ServedTypes::sweep() {
  std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
}

}  // namespace ripstop::control
