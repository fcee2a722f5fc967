#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/repeated_ptr_field.h>
#include <google/protobuf/wrappers.pb.h>

#include <algorithm>

#include "envoy/config/accesslog/v3/accesslog.pb.h"
#include "envoy/config/core/v3/address.pb.h"
#include "envoy/config/core/v3/config_source.pb.h"
#include "envoy/config/listener/v3/listener.pb.h"
#include "envoy/config/route/v3/route.pb.h"
#include "envoy/config/route/v3/route_components.pb.h"
#include "envoy/extensions/filters/http/fault/v3/fault.pb.h"
#include "envoy/extensions/filters/http/grpc_web/v3/grpc_web.pb.h"
#include "envoy/extensions/filters/http/router/v3/router.pb.h"
#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"
#include "xds/listener/listener_wire.h"
#include "xds/route/route_wire.h"
#include "xds/wire/config_source.h"
#include "xds/wire/message.h"
#include "xds/wire/type_names.h"

namespace ripstop::xds {
namespace {

namespace hcm = envoy::extensions::filters::network::http_connection_manager::v3;
using Wire = hcm::HttpConnectionManager;

Wire::CodecType to_wire(model::HttpCodec codec) {
  switch (codec) {
    case model::HttpCodec::kAuto:
      return Wire::AUTO;
    case model::HttpCodec::kHttp1:
      return Wire::HTTP1;
    case model::HttpCodec::kHttp2:
      return Wire::HTTP2;
  }
  return Wire::AUTO;
}

Wire::PathWithEscapedSlashesAction to_wire(model::EscapedSlashes action) {
  switch (action) {
    case model::EscapedSlashes::kKeep:
      return Wire::KEEP_UNCHANGED;
    case model::EscapedSlashes::kReject:
      return Wire::REJECT_REQUEST;
    case model::EscapedSlashes::kUnescapeRedirect:
      return Wire::UNESCAPE_AND_REDIRECT;
    case model::EscapedSlashes::kUnescapeForward:
      return Wire::UNESCAPE_AND_FORWARD;
  }
  return Wire::KEEP_UNCHANGED;
}

Wire::ForwardClientCertDetails to_wire(model::ClientCertForwarding forwarding) {
  switch (forwarding) {
    case model::ClientCertForwarding::kSanitize:
      return Wire::SANITIZE;
    case model::ClientCertForwarding::kForwardOnly:
      return Wire::FORWARD_ONLY;
    case model::ClientCertForwarding::kAppendForward:
      return Wire::APPEND_FORWARD;
    case model::ClientCertForwarding::kSanitizeSet:
      return Wire::SANITIZE_SET;
    case model::ClientCertForwarding::kAlwaysForwardOnly:
      return Wire::ALWAYS_FORWARD_ONLY;
  }
  return Wire::SANITIZE;
}

void encode_client_cert(model::ClientCertForwarding forwarding, Wire* wire) {
  wire->set_forward_client_cert_details(to_wire(forwarding));
  if (forwarding != model::ClientCertForwarding::kAppendForward &&
      forwarding != model::ClientCertForwarding::kSanitizeSet) {
    return;
  }
  auto* details = wire->mutable_set_current_client_cert_details();
  details->mutable_subject()->set_value(true);
  details->set_dns(true);
  details->set_uri(true);
}

bool has_faults(const model::RouteTable& table) {
  return std::ranges::any_of(table.virtual_hosts, [](const model::VirtualHost& host) {
    return std::ranges::any_of(host.routes, [](const model::Route& route) { return route.fault.has_value(); });
  });
}

void encode_routes(const model::HttpConnection& http, Wire* wire) {
  if (http.inline_routes) {
    encode_route_table(*http.inline_routes, wire->mutable_route_config());
    return;
  }
  wire->mutable_rds()->set_route_config_name(http.route_table_name);
  encode_ads_source(wire->mutable_rds()->mutable_config_source());
}

// Envoy obeys a route's fault only where the filter is in the chain; tables by RDS may bring faults at any time.
void encode_filters(const model::HttpConnection& http, Wire* wire) {
  if (http.grpc_web) {
    auto* grpc_web = wire->add_http_filters();
    grpc_web->set_name(std::string(extension::kGrpcWeb));
    pack(type_name::kGrpcWeb, envoy::extensions::filters::http::grpc_web::v3::GrpcWeb(),
         grpc_web->mutable_typed_config());
  }
  if (!http.inline_routes || has_faults(*http.inline_routes)) {
    auto* fault = wire->add_http_filters();
    fault->set_name(std::string(extension::kFault));
    pack(type_name::kFault, envoy::extensions::filters::http::fault::v3::HTTPFault(), fault->mutable_typed_config());
  }
  auto* router = wire->add_http_filters();
  router->set_name(std::string(extension::kRouter));
  pack(type_name::kRouter, envoy::extensions::filters::http::router::v3::Router(), router->mutable_typed_config());
}

// What a left-out duration means differs from field to field; written out, "none" is zero everywhere.
void encode_timeouts(const model::HttpConnection& http, Wire* wire) {
  auto* common = wire->mutable_common_http_protocol_options();
  encode_duration(http.idle_timeout.value_or(Duration::zero()), common->mutable_idle_timeout());
  if (http.max_connection_duration) {
    encode_duration(*http.max_connection_duration, common->mutable_max_connection_duration());
  }
  encode_duration(http.stream_idle_timeout.value_or(Duration::zero()), wire->mutable_stream_idle_timeout());
  if (http.request_timeout) encode_duration(*http.request_timeout, wire->mutable_request_timeout());
  if (http.request_headers_timeout) {
    encode_duration(*http.request_headers_timeout, wire->mutable_request_headers_timeout());
  }
  encode_duration(http.drain_timeout, wire->mutable_drain_timeout());
}

void encode_limits(const model::HttpConnection& http, Wire* wire) {
  wire->mutable_max_request_headers_kb()->set_value((http.max_request_header_bytes + 1023) / 1024);
  wire->mutable_common_http_protocol_options()->mutable_max_headers_count()->set_value(http.max_request_headers);
}

}  // namespace

void encode_http_connection(const model::HttpConnection& http, google::protobuf::Any* any) {
  Wire wire;
  wire.set_stat_prefix(http.stat_prefix.empty() ? "http" : http.stat_prefix);
  wire.set_codec_type(to_wire(http.codec));
  encode_routes(http, &wire);
  encode_filters(http, &wire);
  encode_access_logs(http.access_logs, wire.mutable_access_log());
  encode_timeouts(http, &wire);
  encode_limits(http, &wire);
  if (http.server_name.empty()) {
    wire.set_server_header_transformation(Wire::PASS_THROUGH);
  } else {
    wire.set_server_name(http.server_name);
  }
  wire.mutable_generate_request_id()->set_value(http.generate_request_id);
  wire.mutable_use_remote_address()->set_value(http.use_remote_address);
  wire.mutable_normalize_path()->set_value(http.normalize_path);
  wire.set_merge_slashes(http.merge_slashes);
  wire.set_path_with_escaped_slashes_action(to_wire(http.escaped_slashes));
  encode_client_cert(http.client_cert, &wire);
  for (const std::string& upgrade : http.upgrades) wire.add_upgrade_configs()->set_upgrade_type(upgrade);
  pack(type_name::kHttpConnectionManager, wire, any);
}

}  // namespace ripstop::xds
