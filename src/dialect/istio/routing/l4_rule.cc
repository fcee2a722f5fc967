#include "dialect/istio/routing/l4_rule.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "dialect/istio/routing/destinations.h"
#include "dialect/istio/values.h"

namespace ripstop::dialect::istio {
namespace {

std::vector<CidrBlock> read_subnets(const Context& context, Fields& match) {
  std::vector<CidrBlock> blocks;
  for (const PlacedText& text : match.texts("destinationSubnets")) {
    if (auto block = CidrBlock::parse(text.value)) {
      blocks.push_back(*block);
    } else {
      context.report.error("istio/bad-address", text.place,
                           quoted(text.value) + " is neither an IP address nor a block of them.",
                           "Write it as in 10.1.2.3 or 10.1.0.0/16.");
    }
  }
  return blocks;
}

void check_sni(const Context& context, const PlacedText& sni, std::span<const std::string> hosts) {
  if (!check_wildcard_host(context.report, sni)) return;
  const std::string name = to_lower(sni.value);
  const bool is_covered = std::ranges::any_of(
      hosts, [&](const std::string& host) { return covers(host, name) || covers(host, context.qualified(name)); });
  if (is_covered) return;
  context.report.error("istio/bad-host", sni.place,
                       quoted(sni.value) + " lies under none of the hosts of this VirtualService.",
                       "Add it to spec.hosts, or correct it.");
}

void read_action(const Context& context, Fields& rule, model::L4Rule& result) {
  result.origin = context.origin(rule.here());
  result.destinations = read_destinations(context, rule, RouteLayer::kL4);
  if (!rule.has("route")) {
    report_missing(context.report, rule.place("route"), "The destination of the connections",
                   "Write at least one entry under route.");
  }
}

}  // namespace

model::L4Rule read_tls_rule(const Context& context, Fields& rule, std::span<const std::string> hosts) {
  model::L4Rule result;
  result.is_tls = true;
  auto matches = rule.objects("match");
  for (Fields& match : matches) {
    model::L4Rule::Condition condition;
    for (const PlacedText& sni : match.texts("sniHosts")) {
      check_sni(context, sni, hosts);
      condition.server_names.push_back(to_lower(sni.value));
    }
    if (condition.server_names.empty()) {
      report_missing(context.report, match.place("sniHosts"), "The names to match",
                     "List the server names under sniHosts.");
    }
    condition.destinations = read_subnets(context, match);
    condition.scope = read_client_scope(context, match);
    result.conditions.push_back(std::move(condition));
  }
  if (matches.empty()) {
    report_missing(context.report, rule.place("match"), "The match of the tls rule",
                   "Write at least one match with sniHosts; connections without one belong under tcp.");
  }
  read_action(context, rule, result);
  return result;
}

model::L4Rule read_tcp_rule(const Context& context, Fields& rule) {
  model::L4Rule result;
  for (Fields& match : rule.objects("match")) {
    model::L4Rule::Condition condition;
    condition.destinations = read_subnets(context, match);
    condition.scope = read_client_scope(context, match);
    match.not_honoured("sourceSubnet", "clients of every address are matched, as in Istio");
    result.conditions.push_back(std::move(condition));
  }
  read_action(context, rule, result);
  return result;
}

}  // namespace ripstop::dialect::istio
