#include <benchmark/benchmark.h>

#include <string>

#include "policy/route/route_table.h"

namespace ripstop::policy {
namespace {

using model::MatchKind;

// A sidecar's outbound table: hosts as istiod writes them, each with the same routes.
std::shared_ptr<const CompiledRouteTable> table(int hosts, int routes, MatchKind kind) {
  auto source = std::make_shared<model::RouteTable>();
  source->ignore_port_in_host = true;
  for (int i = 0; i < hosts; ++i) {
    auto& host = source->virtual_hosts.emplace_back();
    const std::string name = "service-" + std::to_string(i);
    host.domains = {name + ".default.svc.cluster.local", name, name + ".default", name + ".default.svc"};
    for (int j = 0; j < routes; ++j) {
      auto& route = host.routes.emplace_back();
      const std::string rest = std::to_string(j) + "/";
      route.match.path = {kind, kind == MatchKind::kRegex ? "/api/v[0-9]+/" + rest + ".*" : "/api/v1/" + rest};
      route.action = model::Forward{.clusters = {{.cluster = "c"}}};
    }
  }
  return *CompiledRouteTable::compile(source);
}

void find_last(benchmark::State& state, MatchKind kind) {
  const int hosts = static_cast<int>(state.range(0));
  const int routes = static_cast<int>(state.range(1));
  const auto compiled = table(hosts, routes, kind);
  const std::string authority = "service-" + std::to_string(hosts - 1) + ".default.svc.cluster.local:8080";
  const std::string path = "/api/v1/" + std::to_string(routes - 1) + (kind == MatchKind::kRegex ? "/x" : "/");
  const RequestView request{.method = "GET", .scheme = "http", .authority = authority, .path = path};
  if (compiled->find(request).route == nullptr) state.SkipWithError("no route was found");
  for (auto _ : state) benchmark::DoNotOptimize(compiled->find(request).route);
}

void find_exact(benchmark::State& state) {
  find_last(state, MatchKind::kExact);
}
void find_prefix(benchmark::State& state) {
  find_last(state, MatchKind::kPrefix);
}
void find_regex(benchmark::State& state) {
  find_last(state, MatchKind::kRegex);
}

BENCHMARK(find_exact)->Args({1, 1})->Args({1000, 1})->Args({1000, 200});
BENCHMARK(find_prefix)->Args({1000, 1})->Args({1000, 10})->Args({1000, 200});
BENCHMARK(find_regex)->Args({10, 1})->Args({10, 10});

void find_by_header(benchmark::State& state) {
  auto source = std::make_shared<model::RouteTable>();
  auto& host = source->virtual_hosts.emplace_back();
  host.domains = {"*"};
  auto& route = host.routes.emplace_back();
  route.match.headers = {{"end-user", {MatchKind::kExact, "jason"}}};
  route.action = model::Forward{.clusters = {{.cluster = "c"}}};
  const auto compiled = *CompiledRouteTable::compile(source);
  std::vector<HeaderField> fields;
  for (const char* name : {"host", "user-agent", "accept", "accept-encoding", "x-request-id", "traceparent", "b3",
                           "x-forwarded-for", "x-forwarded-proto", "cookie", "content-type", "end-user"}) {
    fields.push_back({name, "jason"});
  }
  const RequestView request{.authority = "a", .path = "/", .headers = std::span<const HeaderField>(fields)};
  if (compiled->find(request).route == nullptr) state.SkipWithError("no route was found");
  for (auto _ : state) benchmark::DoNotOptimize(compiled->find(request).route);
}
BENCHMARK(find_by_header);

void compile_table(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(table(1000, 1, MatchKind::kPrefix));
}
BENCHMARK(compile_table)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ripstop::policy
