// Results of passes, remembered by the content of their only argument.
//
// A pass is a pure function of one struct; equal structs give the remembered result without a run. One Cache serves all
// proxies of a control plane, which is how a thousand proxies share one cluster. Not thread-safe: one thread at a time.
// What several snapshots in a row did not use is dropped, so memory follows the mesh that is in force.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/time.h"
#include "translate/fingerprint.h"
#include "translate/mesh/mesh_index.h"

namespace ripstop::translate {

// The "list" passes put together, for one class of clients, what the passes per service make.
enum class PassId : uint8_t {
  kIndex,  // of the snapshot; counted, not looked up
  kVisibleServices,
  kClusterList,
  kCluster,
  kEndpointPlan,
  kEndpointList,
  kEndpoint,
  kRouteList,
  kRoute,
  kOutboundList,
  kCaptureListener,
  kPortListener,
  kServiceListener,
  kInbound,
  kNameTable,
  kSecret,
};
inline constexpr size_t kPassCount = 16;

struct PassCount {
  std::string_view name;
  uint64_t runs = 0;  // results that had to be made
  uint64_t hits = 0;  // results that were remembered
  Duration spent{};   // in runs, nested ones included; zero without a clock
};

class Cache {
 public:
  using ReadClock = TimePoint (*)();

  // With `now`, runs are timed; pure code reads no clock itself.
  explicit Cache(ReadClock now = nullptr);

  // `make` is called with `input` unless an equal input was seen before. It may take the cache as a second argument to
  // run smaller passes; that must not change its result.
  template <typename Input, typename Output>
  Part<Output> run(PassId pass, const Input& input, Output (*make)(const Input&));
  template <typename Input, typename Output>
  Part<Output> run(PassId pass, const Input& input, Output (*make)(const Input&, Cache&));

  // The index of the snapshot, made once as long as the same one is asked for. A new one begins a generation: what the
  // last kKeptSnapshots generations did not use is dropped.
  const MeshIndex& index_of(const model::SnapshotRef& snapshot);
  static constexpr uint64_t kKeptSnapshots = 4;

  [[nodiscard]] std::span<const PassCount> counts() const { return counts_; }
  [[nodiscard]] const PassCount& count(PassId pass) const { return counts_[static_cast<size_t>(pass)]; }
  [[nodiscard]] size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::shared_ptr<const void> output;
    uint64_t last_used = 0;
  };

  [[nodiscard]] std::shared_ptr<const void> find(PassId pass, const std::string& key);
  template <typename Input, typename Make>
  auto run_with(PassId pass, const Input& input, Make make);
  void keep(PassId pass, std::string key, std::shared_ptr<const void> output, TimePoint begun);
  [[nodiscard]] TimePoint now() const { return now_ == nullptr ? TimePoint{} : now_(); }

  ReadClock now_;
  std::shared_ptr<const MeshIndex> index_;
  uint64_t generation_ = 0;
  std::unordered_map<std::string, Entry> entries_;  // by pass and digest
  std::array<PassCount, kPassCount> counts_;
};

template <typename Input, typename Make>
auto Cache::run_with(PassId pass, const Input& input, Make make) {
  using Output = decltype(make());
  std::string digest = fingerprint(input);
  std::string key = static_cast<char>(pass) + digest;
  if (auto found = find(pass, key)) return Part<Output>{std::static_pointer_cast<const Output>(found), digest};
  const TimePoint begun = now();
  std::shared_ptr<const Output> output = std::make_shared<Output>(make());
  keep(pass, std::move(key), output, begun);
  return Part<Output>{std::move(output), std::move(digest)};
}

template <typename Input, typename Output>
Part<Output> Cache::run(PassId pass, const Input& input, Output (*make)(const Input&)) {
  return run_with(pass, input, [&] { return make(input); });
}

template <typename Input, typename Output>
Part<Output> Cache::run(PassId pass, const Input& input, Output (*make)(const Input&, Cache&)) {
  return run_with(pass, input, [&] { return make(input, *this); });
}

}  // namespace ripstop::translate
