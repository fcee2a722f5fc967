#include <algorithm>
#include <set>
#include <utility>

#include "base/address.h"
#include "base/text.h"
#include "dialect/istio/readers.h"
#include "dialect/istio/routing/http_match.h"
#include "dialect/istio/routing/http_rule.h"
#include "dialect/istio/routing/l4_rule.h"
#include "dialect/istio/values.h"

namespace ripstop::dialect::istio {
namespace {

constexpr std::string_view kMesh = "mesh";
constexpr size_t kMaxHosts = 1024;

bool is_for_sidecars(const std::vector<std::string>& gateways) {
  return std::ranges::find(gateways, kMesh) != gateways.end();
}

std::vector<std::string> read_hosts(const Context& context, Fields& spec, bool is_for_mesh, bool is_public) {
  std::vector<std::string> hosts;
  std::set<std::string> seen;
  const auto written = spec.texts("hosts");
  if (written.size() > kMaxHosts) {
    context.report.error("istio/out-of-range", spec.place("hosts"), "There are more than 1024 hosts.",
                         "Make several VirtualServices.");
    return hosts;
  }
  for (const PlacedText& host : written) {
    if (!IpAddress::parse(host.value) && !check_wildcard_host(context.report, host)) continue;
    if (host.value == "*" && is_for_mesh) {
      context.report.error("istio/bad-host", host.place, "The host \"*\" cannot be routed inside the mesh.",
                           "Name the hosts, or bind the VirtualService to gateways only.");
    }
    std::string name = context.qualified(host.value);
    if (!seen.insert(name).second) {
      context.report.error("istio/duplicate", host.place, quoted(name) + " appears twice among the hosts.",
                           "Keep one of the two; short names mean services of the own namespace.");
    }
    if (is_for_mesh) context.references.routed_hosts.push_back({context.index, name, is_public, host.place});
    hosts.push_back(std::move(name));
  }
  return hosts;
}

// Rules behind one that takes every request are never tried; Istio drops them too.
void drop_unreachable(const Context& context, std::vector<std::pair<model::HttpRule, Place>>& rules) {
  const auto takes_all = [](const auto& rule) {
    return rule.first.conditions.empty() || std::ranges::any_of(rule.first.conditions, is_catch_all);
  };
  const auto last = std::ranges::find_if(rules, takes_all);
  if (last == rules.end()) return;
  for (auto rule = last + 1; rule != rules.end(); ++rule) {
    context.report.warning("istio/unreachable-rule", rule->second,
                           "No request reaches this rule: " + last->second.field + " before it takes them all.",
                           "Put the rule without a match last.");
  }
  rules.erase(last + 1, rules.end());
}

// A match that an earlier rule has already never decides anything.
void check_repeated_matches(const Context& context, const std::vector<std::pair<model::HttpRule, Place>>& rules) {
  std::set<std::string> seen;
  for (const auto& [rule, place] : rules) {
    size_t repeated = 0;
    for (const model::HttpRule::Condition& condition : rule.conditions)
      repeated += !seen.insert(key_of(condition)).second;
    if (repeated == 0) continue;
    if (repeated == rule.conditions.size()) {
      context.report.warning("istio/unreachable-rule", place,
                             "No request reaches this rule: earlier rules have all of its matches.",
                             "Remove it, or correct its matches.");
    } else {
      context.report.note("istio/ineffective-match", place, "A match of this rule stands in an earlier place too.",
                          "Remove it here.");
    }
  }
}

std::vector<model::HttpRule> read_http(const Context& context, std::vector<Fields>& written) {
  std::vector<std::pair<model::HttpRule, Place>> rules;
  for (Fields& fields : written) {
    if (auto rule = read_http_rule(context, fields)) rules.emplace_back(*std::move(rule), fields.here());
  }
  drop_unreachable(context, rules);
  check_repeated_matches(context, rules);
  std::vector<model::HttpRule> result;
  result.reserve(rules.size());
  for (auto& [rule, place] : rules) result.push_back(std::move(rule));
  return result;
}

void check_shape(const Context& context, const Fields& spec, bool is_delegate) {
  if (!is_delegate) return;
  for (const std::string_view key : {"tcp", "tls", "gateways"}) {
    if (!spec.has(key)) continue;
    report_conflict(context.report, spec.place(key),
                    "A VirtualService without hosts cannot have " + std::string(key) + ".",
                    "Add the hosts that it routes.");
  }
  context.report.warning("istio/not-honoured", spec.here(),
                         "A VirtualService without hosts is one that others delegate to, which is not honoured yet.",
                         "Write its rules into the one that delegates, or add hosts.");
}

}  // namespace

void read_virtual_service(const Context& context, Fields& spec, model::MeshConfig& into) {
  std::vector<std::string> gateways = read_gateways(context, spec);
  if (gateways.empty()) gateways.emplace_back(kMesh);
  std::vector<std::string> export_to = read_export_to(spec);
  const bool is_public = export_to.empty() || export_to.front() == "*";
  std::vector<std::string> hosts = read_hosts(context, spec, is_for_sidecars(gateways), is_public);
  const bool is_delegate = !spec.has("hosts") || (hosts.empty() && !context.report.has_error());
  check_shape(context, spec, is_delegate);

  model::HttpRoutes http{.hosts = hosts, .ns = context.resource.ns, .gateways = gateways, .export_to = export_to};
  auto http_rules = spec.objects("http");
  http.rules = read_http(context, http_rules);
  http.on_no_match = model::OnNoMatch::kNotFound;
  http.created = context.resource.created;
  http.origin = context.origin();

  model::L4Routes l4{.hosts = hosts, .ns = context.resource.ns, .gateways = gateways, .export_to = export_to};
  l4.created = context.resource.created;
  l4.origin = http.origin;
  for (Fields& rule : spec.objects("tls")) l4.rules.push_back(read_tls_rule(context, rule, hosts));
  for (Fields& rule : spec.objects("tcp")) l4.rules.push_back(read_tcp_rule(context, rule));
  if (http_rules.empty() && l4.rules.empty()) {
    report_missing(context.report, spec.here(), "What becomes of the requests", "Write http, tcp or tls rules.");
  }
  if (is_delegate) return;
  if (!http_rules.empty()) into.http_routes.push_back(std::move(http));
  if (!l4.rules.empty()) into.l4_routes.push_back(std::move(l4));
}

}  // namespace ripstop::dialect::istio
