#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include "base/text.h"
#include "envoy/config/core/v3/address.pb.h"
#include "envoy/config/route/v3/route.pb.h"
#include "envoy/config/route/v3/route_components.pb.h"
#include "envoy/type/matcher/v3/string.pb.h"
#include "xds/route/route_wire.h"
#include "xds/wire/message.h"
#include "xds/wire/string_match.h"

namespace ripstop::xds {
namespace {

namespace route = envoy::config::route::v3;
using model::MatchKind;
using model::StringMatch;

StringMatch decode_path(const route::RouteMatch& wire, const Cursor& at) {
  const bool ignore_case =
      wire.has_case_sensitive() && !decode_value(wire.case_sensitive(), at.field("case_sensitive"));
  switch (wire.path_specifier_case()) {
    case route::RouteMatch::kPrefix:
      return {MatchKind::kPrefix, wire.prefix(), ignore_case};
    case route::RouteMatch::kPath:
      return {MatchKind::kExact, wire.path(), ignore_case};
    case route::RouteMatch::kPathSeparatedPrefix:
      return {MatchKind::kSegmentPrefix, wire.path_separated_prefix(), ignore_case};
    case route::RouteMatch::kSafeRegex:
      // Envoy passes case_sensitive over for expressions.
      return {MatchKind::kRegex, decode_regex(wire.safe_regex(), at.field("safe_regex")), false};
    case route::RouteMatch::PATH_SPECIFIER_NOT_SET:
      break;
  }
  at.invalid("names no path (prefix, path, path_separated_prefix or safe_regex)");
  return {};
}

model::HeaderMatch decode_header(const route::HeaderMatcher& wire, const Cursor& at) {
  model::HeaderMatch model{.name = to_lower(wire.name()),
                           .value = {},
                           .invert = wire.invert_match(),
                           .missing_is_empty = wire.treat_missing_header_as_empty()};
  at.check_known(wire);
  if (model.name.empty()) at.field("name").invalid("is empty");
  switch (wire.header_match_specifier_case()) {
    case route::HeaderMatcher::kStringMatch:
      model.value = decode_string_match(wire.string_match(), at.field("string_match"));
      break;
    case route::HeaderMatcher::kPresentMatch:
      model.value.kind = MatchKind::kPresent;
      model.invert = model.invert != !wire.present_match();
      break;
    case route::HeaderMatcher::kExactMatch:
      model.value = {MatchKind::kExact, wire.exact_match(), false};
      break;
    case route::HeaderMatcher::kPrefixMatch:
      model.value = {MatchKind::kPrefix, wire.prefix_match(), false};
      break;
    case route::HeaderMatcher::kSuffixMatch:
      model.value = {MatchKind::kSuffix, wire.suffix_match(), false};
      break;
    case route::HeaderMatcher::kContainsMatch:
      model.value = {MatchKind::kContains, wire.contains_match(), false};
      break;
    case route::HeaderMatcher::kSafeRegexMatch:
      model.value = {MatchKind::kRegex, decode_regex(wire.safe_regex_match(), at.field("safe_regex_match")), false};
      break;
    case route::HeaderMatcher::HEADER_MATCH_SPECIFIER_NOT_SET:
      model.value.kind = MatchKind::kPresent;
      break;
  }
  return model;
}

// Where the model has a field of its own for the header, null where it has not.
std::optional<StringMatch>* place_of(std::string_view name, model::RouteMatch& match) {
  if (name == ":method") return &match.method;
  if (name == ":authority") return &match.authority;
  if (name == ":scheme") return &match.scheme;
  return nullptr;
}

void decode_headers(const route::RouteMatch& wire, const Cursor& at, model::RouteMatch& match) {
  for (int i = 0; i < wire.headers_size(); ++i) {
    model::HeaderMatch header = decode_header(wire.headers(i), at.item("headers", static_cast<size_t>(i)));
    std::optional<StringMatch>* place = place_of(header.name, match);
    if (place != nullptr && !place->has_value() && !header.invert && !header.missing_is_empty) {
      *place = std::move(header.value);
    } else {
      match.headers.push_back(std::move(header));
    }
  }
}

model::QueryMatch decode_query(const route::QueryParameterMatcher& wire, const Cursor& at) {
  model::QueryMatch query{.name = wire.name(), .value = {}};
  at.check_known(wire);
  if (query.name.empty()) at.field("name").invalid("is empty");
  if (wire.has_string_match()) {
    query.value = decode_string_match(wire.string_match(), at.field("string_match"));
    return query;
  }
  query.value.kind = MatchKind::kPresent;
  if (wire.query_parameter_match_specifier_case() == route::QueryParameterMatcher::kPresentMatch &&
      !wire.present_match()) {
    at.field("present_match").unsupported("is false; a query parameter's absence cannot be matched");
  }
  return query;
}

}  // namespace

model::RouteMatch decode_route_match(const route::RouteMatch& wire, const Cursor& at) {
  model::RouteMatch match;
  at.check_known(wire);
  match.path = decode_path(wire, at);
  decode_headers(wire, at, match);
  for (int i = 0; i < wire.query_parameters_size(); ++i) {
    match.query.push_back(decode_query(wire.query_parameters(i), at.item("query_parameters", static_cast<size_t>(i))));
  }
  at.field("grpc").check_known(wire.grpc());
  match.is_grpc_only = wire.has_grpc();
  return match;
}

}  // namespace ripstop::xds
