#include <benchmark/benchmark.h>

#include "policy/balance/host_fixture.h"

namespace ripstop::policy {
namespace {

void pick(benchmark::State& state, model::Balancing balancing, bool has_weights) {
  Random random(1);
  HostSet hosts(model::Cluster{.balancing = balancing});
  std::vector<model::Endpoint> members = endpoints(1, static_cast<uint16_t>(state.range(0)));
  if (has_weights) {
    for (size_t i = 0; i < members.size(); ++i) members[i].weight = static_cast<uint32_t>(1 + i % 7);
  }
  hosts.update(assignment(std::move(members)), random);
  for (auto _ : state) {
    const ActiveRequest running(*hosts.pick({}, random));
    benchmark::DoNotOptimize(&running.host());
  }
}

BENCHMARK_CAPTURE(pick, round_robin, model::Balancing::kRoundRobin, false)->Arg(3)->Arg(1000);
BENCHMARK_CAPTURE(pick, round_robin_weighted, model::Balancing::kRoundRobin, true)->Arg(3)->Arg(1000);
BENCHMARK_CAPTURE(pick, random, model::Balancing::kRandom, false)->Arg(3)->Arg(1000);
BENCHMARK_CAPTURE(pick, random_weighted, model::Balancing::kRandom, true)->Arg(3)->Arg(1000);
BENCHMARK_CAPTURE(pick, least_request, model::Balancing::kLeastRequest, false)->Arg(3)->Arg(1000);
BENCHMARK_CAPTURE(pick, least_request_weighted, model::Balancing::kLeastRequest, true)->Arg(3)->Arg(1000);

void update(benchmark::State& state) {
  Random random(1);
  HostSet hosts{model::Cluster()};
  const auto count = static_cast<uint16_t>(state.range(0));
  const std::shared_ptr<const model::LoadAssignment> both[] = {assignment(endpoints(1, count)),
                                                               assignment(endpoints(2, count))};
  size_t next = 0;
  for (auto _ : state) hosts.update(both[next++ % 2], random);
}
BENCHMARK(update)->Arg(10)->Arg(1000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace ripstop::policy
