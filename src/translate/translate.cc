#include "translate/translate.h"

namespace ripstop::translate {
namespace {

template <typename T>
std::vector<ResourceRef> encode_all(const Items<T>& items) {
  std::vector<ResourceRef> resources;
  resources.reserve(items.size());
  for (const auto& item : items) resources.push_back(item->resource());
  return resources;
}

}  // namespace

ResourceSet translate(const model::SnapshotRef& snapshot, const Proxy& proxy, Cache& cache, StepSwitches off) {
  const ProxyConfig config = compile(snapshot, proxy, cache, off);
  return {encode_all(config.clusters),     encode_all(config.assignments), encode_all(config.listeners),
          encode_all(config.route_tables), encode_all(config.secrets),     encode_all(config.name_tables)};
}

}  // namespace ripstop::translate
