#include <fmt/format.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/repeated_ptr_field.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include <unordered_set>

#include "base/text.h"
#include "envoy/config/core/v3/address.pb.h"
#include "envoy/config/core/v3/base.pb.h"
#include "envoy/config/route/v3/route.pb.h"
#include "envoy/config/route/v3/route_components.pb.h"
#include "xds/decode.h"
#include "xds/route/header_edits.h"
#include "xds/route/route_wire.h"
#include "xds/wire/message.h"
#include "xds/wire/metadata.h"
#include "xds/wire/type_names.h"

namespace ripstop::xds {
namespace {

namespace core = envoy::config::core::v3;
namespace route = envoy::config::route::v3;

model::DirectResponse decode_direct_response(const route::DirectResponseAction& wire, const Cursor& at) {
  model::DirectResponse response;
  at.check_known(wire);
  if (wire.status() < 200 || wire.status() > 599) at.field("status").invalid("is not from 200 to 599");
  response.status = static_cast<uint16_t>(wire.status());
  const Cursor body = at.field("body");
  body.check_known(wire.body());
  switch (wire.body().specifier_case()) {
    case core::DataSource::kInlineString:
      response.body = wire.body().inline_string();
      break;
    case core::DataSource::kInlineBytes:
      response.body = wire.body().inline_bytes();
      break;
    case core::DataSource::kFilename:
      body.unsupported("names a file; write the body itself");
      break;
    case core::DataSource::SPECIFIER_NOT_SET:
      break;
  }
  return response;
}

model::RouteAction decode_action(const route::Route& wire, const Cursor& at) {
  switch (wire.action_case()) {
    case route::Route::kRoute:
      return decode_forward(wire.route(), at.field("route"));
    case route::Route::kRedirect:
      return decode_redirect(wire.redirect(), at.field("redirect"));
    case route::Route::kDirectResponse:
      return decode_direct_response(wire.direct_response(), at.field("direct_response"));
    case route::Route::kNonForwardingAction:
      at.field("non_forwarding_action").check_known(wire.non_forwarding_action());
      return model::NonForwarding{};
    case route::Route::ACTION_NOT_SET:
      break;
  }
  at.invalid("has no action (route, redirect, direct_response or non_forwarding_action)");
  return model::NonForwarding{};
}

void decode_filter_configs(const route::Route& wire, const Cursor& at, model::Route& model) {
  for (const auto& [name, any] : wire.typed_per_filter_config()) {
    const Cursor here = at.entry("typed_per_filter_config", name);
    if (type_name_of(any) == type_name::kFault) {
      model.fault = decode_fault(any, here);
    } else {
      here.unsupported(fmt::format("is \"{}\", which is not supported", type_name_of(any)));
    }
  }
}

model::Route decode_route(const route::Route& wire, const Cursor& at) {
  model::Route model;
  at.check_known(wire);
  model.name = wire.name();
  if (!wire.has_match()) at.field("match").invalid("is missing");
  model.match = decode_route_match(wire.match(), at.field("match"));
  model.action = decode_action(wire, at);
  decode_both_header_edits(wire, at, model.request_headers, model.response_headers);
  decode_filter_configs(wire, at, model);
  const Cursor decorator = at.field("decorator");
  decorator.check_known(wire.decorator());
  decorator.field("propagate").check_known(wire.decorator().propagate());
  model.operation = wire.decorator().operation();
  model.origin = decode_origin(wire.metadata(), at.field("metadata"));
  return model;
}

void decode_domains(const route::VirtualHost& wire, const Cursor& at, model::VirtualHost& model) {
  if (wire.domains_size() == 0) at.field("domains").invalid("is empty");
  for (const std::string& domain : wire.domains()) model.domains.push_back(to_lower(domain));
}

model::VirtualHost decode_host(const route::VirtualHost& wire, const Cursor& at) {
  model::VirtualHost model;
  at.check_known(wire);
  at.field("metadata").check_known(wire.metadata());
  model.name = wire.name();
  decode_domains(wire, at, model);
  if (at.check_count("routes", static_cast<size_t>(wire.routes_size()), kMaxRoutesPerHost)) {
    model.routes.reserve(static_cast<size_t>(wire.routes_size()));
    for (int i = 0; i < wire.routes_size(); ++i) {
      model.routes.push_back(decode_route(wire.routes(i), at.item("routes", static_cast<size_t>(i))));
    }
  }
  if (wire.has_retry_policy()) model.retry = decode_retry(wire.retry_policy(), at.field("retry_policy"));
  decode_both_header_edits(wire, at, model.request_headers, model.response_headers);
  model.include_attempt_count = wire.include_request_attempt_count();
  return model;
}

// Which of two hosts with the same domain would win is anybody's guess, so Envoy and we refuse the table.
void check_domains_differ(const model::RouteTable& table, const Cursor& at) {
  std::unordered_set<std::string_view> seen;
  for (const model::VirtualHost& host : table.virtual_hosts) {
    for (const std::string& domain : host.domains) {
      if (!seen.insert(domain).second) {
        at.field("virtual_hosts").invalid(fmt::format("has the domain \"{}\" more than once", domain));
      }
    }
  }
}

}  // namespace

model::RouteTable decode_route_table(const route::RouteConfiguration& wire, bool validates_by_default,
                                     const Cursor& at) {
  model::RouteTable table;
  at.check_known(wire);
  at.field("metadata").check_known(wire.metadata());
  table.name = wire.name();
  if (at.check_count("virtual_hosts", static_cast<size_t>(wire.virtual_hosts_size()), kMaxVirtualHosts)) {
    for (int i = 0; i < wire.virtual_hosts_size(); ++i) {
      table.virtual_hosts.push_back(
          decode_host(wire.virtual_hosts(i), at.item("virtual_hosts", static_cast<size_t>(i))));
    }
  }
  check_domains_differ(table, at);
  decode_both_header_edits(wire, at, table.request_headers, table.response_headers);
  table.validate_clusters = wire.has_validate_clusters()
                                ? decode_value(wire.validate_clusters(), at.field("validate_clusters"))
                                : validates_by_default;
  table.ignore_port_in_host = wire.ignore_port_in_host_matching();
  if (wire.has_max_direct_response_body_size_bytes()) {
    table.max_direct_response_bytes =
        decode_value(wire.max_direct_response_body_size_bytes(), at.field("max_direct_response_body_size_bytes"));
  }
  return table;
}

Result<model::RouteTable> decode_route_table(std::string_view body) {
  route::RouteConfiguration wire;
  if (Status parsed = parse_body(body, "RouteConfiguration", wire); !parsed) return fail_with(parsed);
  Problems problems;
  model::RouteTable table = decode_route_table(wire, false, Cursor("RouteConfiguration", problems));
  if (!problems.is_empty()) return std::unexpected(problems.to_error());
  return table;
}

}  // namespace ripstop::xds
