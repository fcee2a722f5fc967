// A route table made of the input's first lines and asked with its last: whatever compiles, the indexed search finds
// the route a plain scan finds, and a rewritten path stays a path.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "policy/route/rewrite.h"
#include "policy/route/route_table.h"

namespace ripstop::policy {
namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

// First byte: kind of match and flags; then the text.
model::Route route_of(std::string_view line) {
  model::Route route;
  const auto selector = line.empty() ? 0U : static_cast<unsigned char>(line.front());
  const std::string text(line.substr(line.empty() ? 0 : 1));
  constexpr unsigned kKinds = 7;
  model::Forward forward{.clusters = {{.cluster = "c"}}};
  if ((selector & 0x40) != 0) forward.prefix_rewrite = text;
  if ((selector & 0x80) != 0) forward.regex_rewrite = model::RegexRewrite{text, "\\0/x"};
  route.match.path = {static_cast<model::MatchKind>(selector % kKinds), text, (selector & 0x20) != 0};
  route.action = std::move(forward);
  return route;
}

void run(std::string_view input) {
  constexpr size_t kMostLines = 40;
  const std::vector<std::string_view> lines = split(input, '\n');
  if (lines.size() < 2 || lines.size() > kMostLines) return;
  auto source = std::make_shared<model::RouteTable>();
  source->ignore_port_in_host = true;
  source->virtual_hosts = {{.name = "h", .domains = {"*", std::string(lines[0])}}};
  for (size_t i = 1; i + 1 < lines.size(); ++i) source->virtual_hosts[0].routes.push_back(route_of(lines[i]));
  const auto table = CompiledRouteTable::compile(source);
  if (!table) return;
  const std::string_view target = lines.back();
  const size_t question = target.find('?');
  const RequestView request{.authority = lines[0],
                            .path = target.substr(0, question),
                            .query = question == std::string_view::npos ? "" : target.substr(question + 1)};
  const auto found = (*table)->find(request);
  check(found.virtual_host != nullptr);
  const model::Route* expected = nullptr;
  for (const model::Route& route : source->virtual_hosts[0].routes) {
    if (expected == nullptr && RouteMatcher::compile(route.match)->matches(request)) expected = &route;
  }
  check((found.route == nullptr ? nullptr : found.route->route) == expected);
  if (found.route == nullptr) return;
  std::string storage;
  const auto path = rewrite_path(*found.route, request.path, storage);
  check(!path || path->size() <= kMaxRewrittenPath || path->data() == request.path.data());
  check(!path || path->data() == request.path.data() || path->starts_with('/'));
}

}  // namespace
}  // namespace ripstop::policy

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ripstop::policy::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
