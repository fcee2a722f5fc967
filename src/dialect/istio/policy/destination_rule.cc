#include <set>
#include <utility>

#include "dialect/istio/policy/traffic_policy.h"
#include "dialect/istio/readers.h"
#include "dialect/istio/values.h"

namespace ripstop::dialect::istio {
namespace {

void read_subsets(const Context& context, Fields& spec, model::DestinationPolicy& rule) {
  std::set<std::string> names;
  for (Fields& fields : spec.objects("subsets")) {
    model::Subset subset;
    subset.name = fields.text_or_empty("name");
    subset.origin = context.origin(fields.here());
    if (subset.name.empty()) {
      report_missing(context.report, fields.place("name"), "The subset's name", "Write the name that routes use.");
    } else if (!is_dns_label(subset.name)) {
      context.report.error("istio/bad-value", fields.place("name"), quoted(subset.name) + " is not a subset's name.",
                           "Use at most 63 lower-case letters, digits and '-'.");
    } else if (!names.insert(subset.name).second) {
      context.report.error("istio/duplicate", fields.place("name"),
                           "The subset " + quoted(subset.name) + " is defined twice.",
                           "Give each subset a name of its own.");
    }
    subset.labels = fields.labels("labels");
    Policies policies = read_traffic_policy(context, fields);
    subset.policy = std::move(policies.all);
    subset.port_policies = std::move(policies.by_port);
    rule.subsets.push_back(std::move(subset));
  }
}

}  // namespace

void read_destination_rule(const Context& context, Fields& spec, model::MeshConfig& into) {
  model::DestinationPolicy rule;
  rule.ns = context.resource.ns;
  rule.created = context.resource.created;
  rule.origin = context.origin();
  const std::string host = spec.text_or_empty("host");
  if (host.empty()) {
    report_missing(context.report, spec.place("host"), "The host",
                   "Name the service that the rule is for, for instance \"reviews\".");
  } else {
    check_wildcard_host(context.report, {host, spec.place("host")});
  }
  rule.host = context.qualified(host);
  context.references.hosts.push_back({context.index, rule.host, spec.place("host")});
  rule.export_to = read_export_to(spec);
  rule.client_selector = read_selector(context, spec, "workloadSelector", "matchLabels");
  Policies policies = read_traffic_policy(context, spec);
  rule.policy = std::move(policies.all);
  rule.port_policies = std::move(policies.by_port);
  read_subsets(context, spec, rule);
  into.destination_policies.push_back(std::move(rule));
}

}  // namespace ripstop::dialect::istio
