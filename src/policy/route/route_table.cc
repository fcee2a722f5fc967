#include "policy/route/route_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/text.h"
#include "policy/route/rewrite.h"

namespace ripstop::policy {
namespace {

// Below this many routes a scan is as fast as the index and needs no memory.
constexpr size_t kIndexedFrom = 8;

std::string_view without_port(std::string_view authority) {
  const size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos) return authority;
  // The last colon inside the brackets of an IPv6 address is not a port's.
  const size_t bracket = authority.rfind(']');
  if (bracket != std::string_view::npos && bracket > colon) return authority;
  return authority.substr(0, colon);
}

void note_size(std::vector<size_t>& sizes, size_t size) {
  const auto at = std::ranges::lower_bound(sizes, size, std::greater<>());
  if (at == sizes.end() || *at != size) sizes.insert(at, size);
}

// Rules without a name are told apart by their place: "reviews/http[2]".
std::string label_of(const model::Route& route) {
  if (!route.name.empty() || !route.origin) return route.name;
  const std::string_view field = route.origin->field;
  const size_t dot = field.find('.');
  const std::string_view place = dot == std::string_view::npos ? field : field.substr(dot + 1);
  return place.empty() ? route.origin->name : fmt::format("{}/{}", route.origin->name, place);
}

bool is_indexable(const CompiledRoute& route) {
  const StringMatcher& path = route.match.path();
  return path.kind() == model::MatchKind::kExact && !path.ignores_case();
}

}  // namespace

const ClusterChoice& choose_cluster(const CompiledRoute& route, SplitCursors& cursors) {
  return route.clusters[cursors.next(route.split)];
}

Result<std::shared_ptr<const CompiledRouteTable>> CompiledRouteTable::compile(
    std::shared_ptr<const model::RouteTable> table) {
  std::shared_ptr<CompiledRouteTable> compiled(new CompiledRouteTable(std::move(table)));
  compiled->hosts_.reserve(compiled->model_->virtual_hosts.size());
  for (const model::VirtualHost& host : compiled->model_->virtual_hosts) {
    if (Status status = compiled->add_host(host); !status) {
      return fail(status.error().code, fmt::format("virtual host '{}' of route table '{}': {}", host.name,
                                                   compiled->model_->name, status.error().message));
    }
  }
  return compiled;
}

Status CompiledRouteTable::add_host(const model::VirtualHost& host) {
  Host& compiled = hosts_.emplace_back();
  compiled.source = &host;
  for (const std::string& domain : host.domains) {
    if (Status status = add_domain(domain, static_cast<uint32_t>(hosts_.size() - 1)); !status) return status;
  }
  compiled.routes.reserve(host.routes.size());
  for (const model::Route& route : host.routes) {
    Result<CompiledRoute> result = compile_route(route, host);
    if (!result) {
      return fail(result.error().code,
                  fmt::format("route {} '{}': {}", compiled.routes.size(), route.name, result.error().message));
    }
    compiled.routes.push_back(std::move(*result));
  }
  index_paths(compiled);
  return {};
}

Status CompiledRouteTable::add_domain(const std::string& domain, uint32_t host) {
  std::string_view key = domain;
  if (to_lower(domain) != domain) key = *lower_domains_.emplace_back(std::make_unique<std::string>(to_lower(domain)));
  bool is_new = true;
  if (key == "*") {
    is_new = std::exchange(any_host_, &hosts_[host]) == nullptr;
  } else if (key.starts_with('*')) {
    is_new = suffixes_.insert(key.substr(1), host);
    note_size(suffix_sizes_, key.size() - 1);
  } else if (key.ends_with('*')) {
    is_new = prefixes_.insert(key.substr(0, key.size() - 1), host);
    note_size(prefix_sizes_, key.size() - 1);
  } else {
    is_new = exact_domains_.insert(key, host);
  }
  if (is_new) return {};
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("domain '{}' is already taken by another entry; every domain may occur once", domain));
}

void CompiledRouteTable::index_paths(Host& host) {
  const bool is_worth_it = std::ranges::count_if(host.routes, is_indexable) >= static_cast<ptrdiff_t>(kIndexedFrom);
  for (uint32_t number = 0; number < host.routes.size(); ++number) {
    const CompiledRoute& route = host.routes[number];
    if (!is_worth_it || !is_indexable(route)) {
      host.scanned.push_back(number);
      continue;
    }
    const std::string_view path = route.match.path().text();
    if (host.exact_paths.insert(path, static_cast<uint32_t>(host.exact_routes.size())))
      host.exact_routes.emplace_back();
    host.exact_routes[*host.exact_paths.find(path)].push_back(number);
  }
}

Result<CompiledRoute> CompiledRouteTable::compile_route(const model::Route& route,
                                                        const model::VirtualHost& host) const {
  Result<RouteMatcher> match = RouteMatcher::compile(route.match);
  if (!match) return fail_with(match);
  if (Status status = check_rewrites(route.action); !status) return fail_with(status);
  if (const auto* direct = std::get_if<model::DirectResponse>(&route.action);
      direct != nullptr && direct->body.size() > model_->max_direct_response_bytes) {
    return fail(ErrorCode::kTooLarge, fmt::format("the direct response's body has {} bytes where {} are allowed",
                                                  direct->body.size(), model_->max_direct_response_bytes));
  }
  CompiledRoute compiled{.route = &route, .virtual_host = &host, .match = std::move(*match)};
  compiled.label = label_of(route);
  HeaderEditList unused;
  if (Status status = merge_edits(compiled, nullptr, unused, compiled.response_edits); !status) {
    return fail_with(status);
  }
  if (const auto* forward = std::get_if<model::Forward>(&route.action)) {
    if (Status status = compile_forward(*forward, compiled); !status) return fail_with(status);
  }
  return compiled;
}

Status CompiledRouteTable::compile_forward(const model::Forward& forward, CompiledRoute& compiled) const {
  auto split = Split::compile(forward.clusters);
  if (!split) return fail_with(split);
  compiled.split = std::move(*split);
  for (const model::WeightedCluster& cluster : forward.clusters) {
    ClusterChoice& choice = compiled.clusters.emplace_back(ClusterChoice{&cluster, {}, {}});
    Status status = merge_edits(compiled, &cluster, choice.request_edits, choice.response_edits);
    if (!status) return status;
  }
  if (forward.retry) {
    compiled.retry = &*forward.retry;
  } else if (compiled.virtual_host->retry) {
    compiled.retry = &*compiled.virtual_host->retry;
  }
  if (forward.prefix_rewrite && !forward.prefix_rewrite->empty() && forward.regex_rewrite) {
    return fail(ErrorCode::kInvalidArgument, "the path is rewritten by prefix and by regular expression; keep one");
  }
  if (forward.regex_rewrite) {
    Result<Regex> regex = compile_rewrite(*forward.regex_rewrite);
    if (!regex) return fail_with(regex);
    compiled.rewrite = std::move(*regex);
  }
  return {};
}

Status CompiledRouteTable::merge_edits(const CompiledRoute& route, const model::WeightedCluster* cluster,
                                       HeaderEditList& request, HeaderEditList& response) const {
  const auto append = [&](const auto& level) -> Status {
    if (Status status = append_edits(level.request_headers, request); !status) return status;
    return append_edits(level.response_headers, response);
  };
  if (cluster != nullptr) {
    if (Status status = append(*cluster); !status) return status;
  }
  if (Status status = append(*route.route); !status) return status;
  if (Status status = append(*route.virtual_host); !status) return status;
  return append(*model_);
}

const CompiledRouteTable::Host* CompiledRouteTable::find_host(std::string_view authority) const {
  if (authority.empty()) return any_host_;
  if (model_->ignore_port_in_host) authority = without_port(authority);
  if (const auto exact = exact_domains_.find(authority)) return &hosts_[*exact];
  for (const size_t size : suffix_sizes_) {
    if (size >= authority.size()) continue;
    if (const auto found = suffixes_.find(authority.substr(authority.size() - size))) return &hosts_[*found];
  }
  for (const size_t size : prefix_sizes_) {
    if (size >= authority.size()) continue;
    if (const auto found = prefixes_.find(authority.substr(0, size))) return &hosts_[*found];
  }
  return any_host_;
}

const CompiledRoute* CompiledRouteTable::find_route(const Host& host, const RequestView& request) const {
  std::span<const uint32_t> exact;
  if (const auto group = host.exact_paths.find(request.path)) exact = host.exact_routes[*group];
  // Two lists in route order, merged as they are walked.
  auto scanned = host.scanned.begin();
  for (const uint32_t number : exact) {
    for (; scanned != host.scanned.end() && *scanned < number; ++scanned) {
      if (host.routes[*scanned].match.matches(request)) return &host.routes[*scanned];
    }
    if (host.routes[number].match.matches(request)) return &host.routes[number];
  }
  for (; scanned != host.scanned.end(); ++scanned) {
    if (host.routes[*scanned].match.matches(request)) return &host.routes[*scanned];
  }
  return nullptr;
}

CompiledRouteTable::Found CompiledRouteTable::find(const RequestView& request) const {
  const Host* host = find_host(request.authority);
  if (host == nullptr) return {};
  return {host->source, find_route(*host, request)};
}

}  // namespace ripstop::policy
