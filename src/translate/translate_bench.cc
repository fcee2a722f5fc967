#include <benchmark/benchmark.h>

#include <string>

#include "translate/testing/bookinfo.h"
#include "translate/translate.h"

namespace ripstop::translate {
namespace {

// Services of one namespace with three workloads each.
model::Snapshot mesh_of(int64_t services) {
  model::Snapshot snapshot;
  for (int64_t index = 0; index < services; ++index) {
    const std::string name = "service-" + std::to_string(index);
    const std::string address = "240.240." + std::to_string(index / 250) + "." + std::to_string(1 + index % 250);
    snapshot.mesh.services.push_back(testing::service(name, testing::http(9080), address));
    for (const char* version : {"v1", "v2", "v3"}) {
      snapshot.mesh.workloads.push_back(testing::workload(name, version, 9080, 20000));
    }
  }
  return snapshot;
}

// A new snapshot in which one endpoint moved, for one proxy.
void BM_OneEndpointMoved(benchmark::State& state) {
  model::Snapshot mesh = mesh_of(state.range(0));
  const Proxy proxy = testing::proxy(mesh.mesh.workloads.front());
  Cache cache;
  benchmark::DoNotOptimize(compile(testing::share(mesh), proxy, cache));
  for (auto _ : state) {
    state.PauseTiming();
    ++mesh.mesh.workloads.back().inbound[9080].port;
    const model::SnapshotRef snapshot = testing::share(mesh);
    state.ResumeTiming();
    benchmark::DoNotOptimize(compile(snapshot, proxy, cache));
  }
}
BENCHMARK(BM_OneEndpointMoved)->Arg(100)->Arg(1000)->Unit(benchmark::kMicrosecond);

// Every further proxy of the same snapshot and class of clients.
void BM_NextProxy(benchmark::State& state) {
  const model::SnapshotRef snapshot = testing::share(mesh_of(state.range(0)));
  const Proxy proxy = testing::proxy(snapshot->mesh.workloads.front());
  Cache cache;
  for (auto _ : state) benchmark::DoNotOptimize(compile(snapshot, proxy, cache));
}
BENCHMARK(BM_NextProxy)->Arg(100)->Arg(1000)->Unit(benchmark::kMicrosecond);

// The first proxy of an unknown mesh.
void BM_FromNothing(benchmark::State& state) {
  const model::SnapshotRef snapshot = testing::share(mesh_of(state.range(0)));
  const Proxy proxy = testing::proxy(snapshot->mesh.workloads.front());
  for (auto _ : state) {
    Cache cache;
    benchmark::DoNotOptimize(compile(snapshot, proxy, cache));
  }
}
BENCHMARK(BM_FromNothing)->Arg(100)->Arg(1000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace ripstop::translate
