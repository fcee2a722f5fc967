#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/repeated_ptr_field.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include <variant>

#include "envoy/config/core/v3/address.pb.h"
#include "envoy/config/core/v3/base.pb.h"
#include "envoy/config/route/v3/route.pb.h"
#include "envoy/config/route/v3/route_components.pb.h"
#include "xds/encode.h"
#include "xds/route/header_edits.h"
#include "xds/route/route_wire.h"
#include "xds/wire/message.h"
#include "xds/wire/metadata.h"
#include "xds/wire/type_names.h"

namespace ripstop::xds {
namespace {

namespace route = envoy::config::route::v3;

struct ActionEncoder {
  route::Route* wire;

  void operator()(const model::Forward& forward) const { encode_forward(forward, wire->mutable_route()); }
  void operator()(const model::Redirect& redirect) const { encode_redirect(redirect, wire->mutable_redirect()); }
  void operator()(const model::DirectResponse& response) const {
    wire->mutable_direct_response()->set_status(response.status);
    if (!response.body.empty()) {
      wire->mutable_direct_response()->mutable_body()->set_inline_bytes(response.body);
    }
  }
  void operator()(const model::NonForwarding&) const { wire->mutable_non_forwarding_action(); }
};

void encode_route(const model::Route& model, route::Route* wire) {
  wire->set_name(model.name);
  encode_route_match(model.match, wire->mutable_match());
  std::visit(ActionEncoder{wire}, model.action);
  encode_both_header_edits(model.request_headers, model.response_headers, wire);
  if (model.fault) {
    encode_fault(*model.fault, &(*wire->mutable_typed_per_filter_config())[std::string(extension::kFault)]);
  }
  if (!model.operation.empty()) wire->mutable_decorator()->set_operation(model.operation);
  envoy::config::core::v3::Metadata metadata;
  encode_origin(model.origin, &metadata);
  if (metadata.filter_metadata_size() != 0) *wire->mutable_metadata() = std::move(metadata);
}

void encode_host(const model::VirtualHost& model, route::VirtualHost* wire) {
  wire->set_name(model.name);
  for (const std::string& domain : model.domains) wire->add_domains(domain);
  for (const model::Route& one : model.routes) encode_route(one, wire->add_routes());
  if (model.retry) encode_retry(*model.retry, wire->mutable_retry_policy());
  encode_both_header_edits(model.request_headers, model.response_headers, wire);
  wire->set_include_request_attempt_count(model.include_attempt_count);
}

}  // namespace

void encode_route_table(const model::RouteTable& table, route::RouteConfiguration* wire) {
  wire->set_name(table.name);
  for (const model::VirtualHost& host : table.virtual_hosts) encode_host(host, wire->add_virtual_hosts());
  encode_both_header_edits(table.request_headers, table.response_headers, wire);
  wire->mutable_validate_clusters()->set_value(table.validate_clusters);
  wire->set_ignore_port_in_host_matching(table.ignore_port_in_host);
  if (table.max_direct_response_bytes != 4096) {
    wire->mutable_max_direct_response_body_size_bytes()->set_value(table.max_direct_response_bytes);
  }
}

Resource encode(const model::RouteTable& table) {
  route::RouteConfiguration wire;
  encode_route_table(table, &wire);
  return to_resource(type::kRouteTable, table.name, wire);
}

}  // namespace ripstop::xds
