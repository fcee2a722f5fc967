#include "dialect/istio/values.h"

#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/address.h"
#include "base/text.h"

namespace ripstop::dialect::istio {
namespace {

constexpr size_t kMaxRegex = 1024;
constexpr std::string_view kMeshGateway = "mesh";

bool is_namespace_reference(std::string_view text) {
  return text == "*" || text == "." || text == "~" || is_dns_label(text);
}

// "ns/name", "./name", "name", or the old form "name.ns.svc.cluster.local".
std::optional<std::string> gateway_name(const Context& context, std::string_view text) {
  if (text == kMeshGateway) return std::string(text);
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    if (!is_host(text)) return std::nullopt;
    const auto labels = split(text, '.');
    const std::string ns = labels.size() > 2 && labels[2] == "svc" ? std::string(labels[1]) : context.resource.ns;
    return ns + "/" + std::string(ns == context.resource.ns ? text : labels[0]);
  }
  const std::string_view ns = text.substr(0, slash);
  const std::string_view name = text.substr(slash + 1);
  if ((ns != "." && !is_dns_label(ns)) || !is_dns_subdomain(name)) return std::nullopt;
  return (ns == "." ? context.resource.ns : std::string(ns)) + "/" + std::string(name);
}

}  // namespace

void report_missing(Report& report, const Place& place, std::string_view what, std::string remedy) {
  report.error("istio/missing-field", place, std::string(what) + " is missing.", std::move(remedy));
}

void report_conflict(Report& report, const Place& place, std::string message, std::string remedy) {
  report.error("istio/conflicting-fields", place, std::move(message), std::move(remedy));
}

bool check_regex(Report& report, const PlacedText& regex) {
  if (regex.value.empty() || regex.value.size() > kMaxRegex) {
    report.error("istio/bad-regex", regex.place, "A regular expression must have 1 to 1024 bytes.",
                 "Write a shorter one, or several matches.");
    return false;
  }
  RE2::Options options;
  options.set_log_errors(false);
  const RE2 compiled(regex.value, options);
  if (compiled.ok()) return true;
  report.error("istio/bad-regex", regex.place,
               quoted(regex.value) + " is not a regular expression of RE2: " + compiled.error() + ".",
               "See the syntax page of RE2; it has no look-ahead and no back-references.");
  return false;
}

bool check_wildcard_host(Report& report, const PlacedText& host) {
  if (is_wildcard_host(host.value)) return true;
  report.error("istio/bad-host", host.place, quoted(host.value) + " is not a host name.",
               "Use labels of letters, digits and '-' joined by dots; only the first may be '*'.");
  return false;
}

std::vector<std::string> read_export_to(Fields& spec) {
  std::vector<std::string> namespaces;
  std::set<std::string> seen;
  for (PlacedText& item : spec.texts("exportTo")) {
    if (!is_namespace_reference(item.value)) {
      spec.report().error("istio/bad-value", item.place, quoted(item.value) + " is no namespace.",
                          "Use a namespace's name, \".\" for the own one, \"*\" for all or \"~\" for none.");
    } else if (!seen.insert(item.value).second) {
      spec.report().error("istio/duplicate", item.place, quoted(item.value) + " appears twice in exportTo.",
                          "Keep one of the two.");
    }
    namespaces.push_back(std::move(item.value));
  }
  if (seen.size() > 1 && (seen.contains("*") || seen.contains("~"))) {
    report_conflict(spec.report(), spec.place("exportTo"), "exportTo has \"*\" or \"~\" beside other entries.",
                    "Keep the one that is meant.");
  }
  return namespaces;
}

std::vector<std::string> read_gateways(const Context& context, Fields& fields) {
  std::vector<std::string> gateways;
  for (const PlacedText& item : fields.texts("gateways")) {
    auto name = gateway_name(context, item.value);
    if (!name) {
      context.report.error("istio/bad-gateway", item.place, quoted(item.value) + " is not the name of a gateway.",
                           "Write \"mesh\", a name, or a namespace and a name as in \"istio-system/ingress\".");
      continue;
    }
    if (*name != kMeshGateway) context.references.gateways.push_back({context.index, *name, item.place});
    gateways.push_back(std::move(*name));
  }
  return gateways;
}

std::optional<model::Labels> read_selector(const Context& context, Fields& spec, std::string_view key,
                                           std::string_view labels_key) {
  auto selector = spec.object(key);
  if (!selector) return std::nullopt;
  model::Labels labels = selector->labels(labels_key);
  if (labels.empty()) return std::nullopt;
  context.references.selectors.push_back({context.index, labels, spec.place(key)});
  return labels;
}

std::optional<model::StringMatch> read_string_match(Fields& fields, StringMatchRules rules) {
  const auto exact = fields.text("exact");
  const auto prefix = fields.text("prefix");
  const auto regex = fields.text("regex");
  if (exact.has_value() + prefix.has_value() + regex.has_value() > 1) {
    report_conflict(fields.report(), fields.here(), "A match takes only one of exact, prefix and regex.",
                    "Keep one of them; several matches in a list mean \"or\".");
    return std::nullopt;
  }
  if (exact) return model::StringMatch{model::MatchKind::kExact, *exact};
  if (prefix) {
    if (prefix->empty() && !rules.allows_empty_prefix) {
      fields.report().error("istio/bad-value", fields.place("prefix"), "The prefix is empty and matches everything.",
                            "Write the prefix, or leave this match out.");
    }
    return model::StringMatch{model::MatchKind::kPrefix, *prefix};
  }
  if (!regex || (rules.knows_presence && *regex == "*")) return std::nullopt;
  check_regex(fields.report(), {*regex, fields.place("regex")});
  return model::StringMatch{model::MatchKind::kRegex, *regex};
}

std::optional<uint32_t> read_percentage(Fields& fields, std::string_view key) {
  auto percentage = fields.object(key);
  if (!percentage) return std::nullopt;
  // An absent value is protobuf's zero.
  const double percent = percentage->number("value", 0, 100).value_or(0);
  return static_cast<uint32_t>(std::lround(percent * 10'000));
}

model::Destination read_destination(const Context& context, Fields& fields) {
  model::Destination destination;
  const std::string host = fields.text_or_empty("host");
  if (host.empty()) {
    report_missing(context.report, fields.place("host"), "The destination's host",
                   "Name the service, for instance \"reviews\" or \"reviews.default.svc.cluster.local\".");
  } else if (host == "*") {
    context.report.error("istio/bad-host", fields.place("host"), "A destination cannot be \"*\".", "Name one service.");
  } else if (!IpAddress::parse(host)) {
    check_wildcard_host(context.report, {host, fields.place("host")});
  }
  destination.host = context.qualified(host);
  destination.subset = fields.text_or_empty("subset");
  if (!destination.subset.empty() && !is_dns_label(destination.subset)) {
    context.report.error("istio/bad-value", fields.place("subset"),
                         quoted(destination.subset) + " is not a subset's name.",
                         "Use at most 63 lower-case letters, digits and '-'.");
  }
  if (auto port = fields.object("port")) {
    const bool has_number = port->has("number");
    destination.port = port->port("number");
    if (!has_number) report_missing(context.report, port->place("number"), "The port's number", "Write the number.");
  }
  context.references.destinations.push_back({context.index, destination, fields.place("host"), fields.place("subset")});
  return destination;
}

model::ClientScope read_client_scope(const Context& context, Fields& match) {
  model::ClientScope scope;
  scope.source_labels = match.labels("sourceLabels");
  scope.source_namespace = match.text_or_empty("sourceNamespace");
  scope.port = match.port("port");
  scope.gateways = read_gateways(context, match);
  if (!scope.source_namespace.empty() && !is_dns_label(scope.source_namespace)) {
    context.report.error("istio/bad-value", match.place("sourceNamespace"),
                         quoted(scope.source_namespace) + " is not a namespace.", "Write one namespace's name.");
  }
  return scope;
}

model::Locality parse_locality(std::string_view text) {
  const auto parts = split(text, '/');
  const auto part = [&parts](size_t i) { return i < parts.size() ? std::string(parts[i]) : std::string(); };
  return {part(0), part(1), part(2)};
}

}  // namespace ripstop::dialect::istio
