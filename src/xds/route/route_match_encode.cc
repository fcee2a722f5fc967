#include "envoy/config/route/v3/route.pb.h"
#include "envoy/config/route/v3/route_components.pb.h"
#include "envoy/type/matcher/v3/string.pb.h"
#include "xds/route/route_wire.h"
#include "xds/wire/string_match.h"

namespace ripstop::xds {
namespace {

namespace route = envoy::config::route::v3;
using model::MatchKind;
using model::StringMatch;

// Envoy refuses a path_separated_prefix that ends in a slash; the slash adds nothing to what it matches.
void encode_segment_prefix(std::string_view text, route::RouteMatch* wire) {
  while (text.ends_with('/')) text.remove_suffix(1);
  if (text.empty()) {
    wire->set_prefix("/");
  } else {
    wire->set_path_separated_prefix(std::string(text));
  }
}

// Suffixes and substrings of a path can only be said as expressions.
void encode_path(const StringMatch& path, route::RouteMatch* wire) {
  const std::string flags = path.ignore_case ? "(?i)" : "";
  const bool is_regex =
      path.kind == MatchKind::kRegex || path.kind == MatchKind::kSuffix || path.kind == MatchKind::kContains;
  if (path.ignore_case && !is_regex) wire->mutable_case_sensitive()->set_value(false);
  switch (path.kind) {
    case MatchKind::kExact:
      wire->set_path(path.text);
      return;
    case MatchKind::kPrefix:
      wire->set_prefix(path.text);
      return;
    case MatchKind::kSegmentPrefix:
      encode_segment_prefix(path.text, wire);
      return;
    case MatchKind::kRegex:
      wire->mutable_safe_regex()->set_regex(path.text);
      return;
    case MatchKind::kSuffix:
      wire->mutable_safe_regex()->set_regex(flags + ".*" + quote_regex(path.text));
      return;
    case MatchKind::kContains:
      wire->mutable_safe_regex()->set_regex(flags + ".*" + quote_regex(path.text) + ".*");
      return;
    case MatchKind::kPresent:
      wire->set_prefix("/");
      return;
  }
}

void encode_header(const model::HeaderMatch& header, route::HeaderMatcher* wire) {
  wire->set_name(header.name);
  wire->set_invert_match(header.invert);
  wire->set_treat_missing_header_as_empty(header.missing_is_empty);
  if (header.value.kind == MatchKind::kPresent) {
    wire->set_present_match(true);
  } else {
    encode_string_match(header.value, wire->mutable_string_match());
  }
}

void encode_pseudo_header(const char* name, const std::optional<StringMatch>& value, route::RouteMatch* wire) {
  if (value) {
    encode_header({.name = name, .value = *value, .invert = false, .missing_is_empty = false}, wire->add_headers());
  }
}

}  // namespace

void encode_route_match(const model::RouteMatch& match, route::RouteMatch* wire) {
  encode_path(match.path, wire);
  encode_pseudo_header(":method", match.method, wire);
  encode_pseudo_header(":authority", match.authority, wire);
  encode_pseudo_header(":scheme", match.scheme, wire);
  for (const model::HeaderMatch& header : match.headers) encode_header(header, wire->add_headers());
  for (const model::QueryMatch& query : match.query) {
    auto* parameter = wire->add_query_parameters();
    parameter->set_name(query.name);
    if (query.value.kind == MatchKind::kPresent) {
      parameter->set_present_match(true);
    } else {
      encode_string_match(query.value, parameter->mutable_string_match());
    }
  }
  if (match.is_grpc_only) wire->mutable_grpc();
}

}  // namespace ripstop::xds
