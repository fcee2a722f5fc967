#include "translate/cache.h"

namespace ripstop::translate {
namespace {

constexpr std::array<std::string_view, kPassCount> kNames = {
    "index",
    "visible_services",
    "cluster_list",
    "cluster",
    "endpoint_plan",
    "endpoint_list",
    "endpoint",
    "route_list",
    "route",
    "outbound_list",
    "capture_listener",
    "port_listener",
    "service_listener",
    "inbound",
    "name_table",
    "secret",
};

}  // namespace

Cache::Cache(ReadClock now) : now_(now) {
  for (size_t index = 0; index < kPassCount; ++index) counts_[index].name = kNames[index];
}

const MeshIndex& Cache::index_of(const model::SnapshotRef& snapshot) {
  PassCount& count = counts_[static_cast<size_t>(PassId::kIndex)];
  // The index keeps its snapshot alive, so an equal pointer is the same snapshot and no later one at its address.
  if (index_ && index_->snapshot == snapshot) {
    ++count.hits;
    return *index_;
  }
  const TimePoint begun = now();
  index_ = std::make_shared<const MeshIndex>(make_index(snapshot));
  ++count.runs;
  count.spent += now() - begun;
  ++generation_;
  std::erase_if(entries_, [this](const auto& entry) { return entry.second.last_used + kKeptSnapshots < generation_; });
  return *index_;
}

std::shared_ptr<const void> Cache::find(PassId pass, const std::string& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return nullptr;
  found->second.last_used = generation_;
  ++counts_[static_cast<size_t>(pass)].hits;
  return found->second.output;
}

void Cache::keep(PassId pass, std::string key, std::shared_ptr<const void> output, TimePoint begun) {
  PassCount& count = counts_[static_cast<size_t>(pass)];
  ++count.runs;
  count.spent += now() - begun;
  entries_.insert_or_assign(std::move(key), Entry{std::move(output), generation_});
}

}  // namespace ripstop::translate
