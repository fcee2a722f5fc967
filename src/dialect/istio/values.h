// Values that several of Istio's kinds share: host names, gateways, exportTo, regular expressions, string matches,
// percentages, selectors. Each reports what is wrong and reads on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dialect/istio/context.h"
#include "model/match.h"
#include "model/mesh_route.h"

namespace ripstop::dialect::istio {

// Errors of a shape that every kind has.
void report_missing(Report& report, const Place& place, std::string_view what, std::string remedy);
void report_conflict(Report& report, const Place& place, std::string message, std::string remedy);

// RE2 compiles it and it is at most 1024 bytes long, as Istio demands.
bool check_regex(Report& report, const PlacedText& regex);
// A host name, or one that starts with "*".
bool check_wildcard_host(Report& report, const PlacedText& host);

// spec.exportTo: namespaces, ".", "*" or "~".
[[nodiscard]] std::vector<std::string> read_export_to(Fields& spec);

// A list of gateways: "mesh" as it is, others as "<namespace>/<name>".
[[nodiscard]] std::vector<std::string> read_gateways(const Context& context, Fields& fields);

// {matchLabels: …} or {labels: …} under `key`; nullopt when absent or without a label.
[[nodiscard]] std::optional<model::Labels> read_selector(const Context& context, Fields& spec, std::string_view key,
                                                         std::string_view labels_key);

// exact, prefix or regex; nullopt when none is set. Where presence can be asked for, the regex "*" means it.
struct StringMatchRules {
  bool allows_empty_prefix = false;
  bool knows_presence = false;
};
[[nodiscard]] std::optional<model::StringMatch> read_string_match(Fields& fields, StringMatchRules rules);

// {value: 12.5} under `key` in parts per million.
[[nodiscard]] std::optional<uint32_t> read_percentage(Fields& fields, std::string_view key);

// {host, subset, port: {number}}.
[[nodiscard]] model::Destination read_destination(const Context& context, Fields& fields);

// sourceLabels, sourceNamespace, port, gateways of an http, tcp or tls match.
[[nodiscard]] model::ClientScope read_client_scope(const Context& context, Fields& match);

// "region/zone/subzone".
[[nodiscard]] model::Locality parse_locality(std::string_view text);

}  // namespace ripstop::dialect::istio
