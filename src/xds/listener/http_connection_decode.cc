#include <fmt/format.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/repeated_ptr_field.h>
#include <google/protobuf/wrappers.pb.h>

#include "base/text.h"
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
#include "xds/wire/ignored.h"
#include "xds/wire/message.h"
#include "xds/wire/type_names.h"

namespace ripstop::xds {
namespace {

namespace hcm = envoy::extensions::filters::network::http_connection_manager::v3;
using Wire = hcm::HttpConnectionManager;

constexpr uint32_t kMaxHeaderKib = 8192;

model::HttpCodec decode_codec(Wire::CodecType wire, const Cursor& at) {
  switch (wire) {
    case Wire::AUTO:
      return model::HttpCodec::kAuto;
    case Wire::HTTP1:
      return model::HttpCodec::kHttp1;
    case Wire::HTTP2:
      return model::HttpCodec::kHttp2;
    default:
      at.unsupported("must be AUTO, HTTP1 or HTTP2");
      return model::HttpCodec::kAuto;
  }
}

model::EscapedSlashes decode_escaped_slashes(Wire::PathWithEscapedSlashesAction wire, const Cursor& at) {
  switch (wire) {
    case Wire::IMPLEMENTATION_SPECIFIC_DEFAULT:
    case Wire::KEEP_UNCHANGED:
      return model::EscapedSlashes::kKeep;
    case Wire::REJECT_REQUEST:
      return model::EscapedSlashes::kReject;
    case Wire::UNESCAPE_AND_REDIRECT:
      return model::EscapedSlashes::kUnescapeRedirect;
    case Wire::UNESCAPE_AND_FORWARD:
      return model::EscapedSlashes::kUnescapeForward;
    default:
      at.unsupported("is not a known action");
      return model::EscapedSlashes::kReject;
  }
}

model::ClientCertForwarding decode_forwarding(Wire::ForwardClientCertDetails wire, const Cursor& at) {
  switch (wire) {
    case Wire::SANITIZE:
      return model::ClientCertForwarding::kSanitize;
    case Wire::FORWARD_ONLY:
      return model::ClientCertForwarding::kForwardOnly;
    case Wire::APPEND_FORWARD:
      return model::ClientCertForwarding::kAppendForward;
    case Wire::SANITIZE_SET:
      return model::ClientCertForwarding::kSanitizeSet;
    case Wire::ALWAYS_FORWARD_ONLY:
      return model::ClientCertForwarding::kAlwaysForwardOnly;
    default:
      at.unsupported("is not a known way to forward");
      return model::ClientCertForwarding::kSanitize;
  }
}

model::ClientCertForwarding decode_client_cert(const Wire& wire, const Cursor& at) {
  const model::ClientCertForwarding forwarding =
      decode_forwarding(wire.forward_client_cert_details(), at.field("forward_client_cert_details"));
  const auto& details = wire.set_current_client_cert_details();
  const Cursor here = at.field("set_current_client_cert_details");
  here.check_known(details);
  const bool says_all = decode_value(details.subject(), here.field("subject")) && details.dns() && details.uri();
  const bool is_used = forwarding == model::ClientCertForwarding::kAppendForward ||
                       forwarding == model::ClientCertForwarding::kSanitizeSet;
  if (is_used && !says_all) here.unsupported("must set subject, dns and uri, the three that are forwarded together");
  return forwarding;
}

void decode_routes(const Wire& wire, const Cursor& at, model::HttpConnection& http) {
  if (wire.has_route_config()) {
    http.inline_routes = decode_route_table(wire.route_config(), true, at.field("route_config"));
    return;
  }
  const Cursor rds = at.field("rds");
  if (!wire.has_rds()) return at.invalid("has no routes (rds or route_config)");
  rds.check_known(wire.rds());
  decode_ads_source(wire.rds().config_source(), rds.field("config_source"));
  http.route_table_name = wire.rds().route_config_name();
  if (http.route_table_name.empty()) rds.field("route_config_name").invalid("is empty");
}

void check_router(const google::protobuf::Any& any, const Cursor& at) {
  envoy::extensions::filters::http::router::v3::Router router;
  if (!unpack(any, router, at)) return;
  at.check_known(router);
  at.field("dynamic_stats").check_known(router.dynamic_stats());
}

void check_fault(const google::protobuf::Any& any, const Cursor& at) {
  envoy::extensions::filters::http::fault::v3::HTTPFault fault;
  if (!unpack(any, fault, at)) return;
  at.check_known(fault);
  if (fault.has_delay() || fault.has_abort()) at.unsupported("has faults for all routes; write them on the routes");
}

void check_grpc_web(const google::protobuf::Any& any, const Cursor& at) {
  envoy::extensions::filters::http::grpc_web::v3::GrpcWeb grpc_web;
  if (unpack(any, grpc_web, at)) at.check_known(grpc_web);
}

void decode_filters(const Wire& wire, const Cursor& at, model::HttpConnection& http) {
  bool ends_with_router = false;
  for (int i = 0; i < wire.http_filters_size(); ++i) {
    const auto& filter = wire.http_filters(i);
    const Cursor here = at.item("http_filters", static_cast<size_t>(i));
    const Cursor config = here.field("typed_config");
    const std::string_view type = type_name_of(filter.typed_config());
    here.check_known(filter);
    ends_with_router = type == type_name::kRouter;
    if (ends_with_router) {
      check_router(filter.typed_config(), config);
    } else if (type == type_name::kFault) {
      check_fault(filter.typed_config(), config);
    } else if (type == type_name::kGrpcWeb) {
      check_grpc_web(filter.typed_config(), config);
      http.grpc_web = true;
    } else if (!is_ignored_http_filter(filter.name(), type)) {
      config.unsupported(fmt::format("is \"{}\" (filter {}), which is not supported", type, filter.name()));
    }
  }
  if (!ends_with_router) at.field("http_filters").invalid("must end with envoy.filters.http.router");
}

std::optional<Duration> none_if_zero(Duration value) {
  return value == Duration::zero() ? std::nullopt : std::optional(value);
}

void decode_timeouts(const Wire& wire, const Cursor& at, model::HttpConnection& http) {
  const auto& common = wire.common_http_protocol_options();
  const Cursor here = at.field("common_http_protocol_options");
  here.check_known(common);
  if (common.has_max_connection_duration()) {
    http.max_connection_duration =
        none_if_zero(decode_duration(common.max_connection_duration(), here.field("max_connection_duration")));
  }
  if (common.has_idle_timeout()) {
    http.idle_timeout = none_if_zero(decode_duration(common.idle_timeout(), here.field("idle_timeout")));
  }
  if (common.has_max_requests_per_connection()) {
    here.field("max_requests_per_connection").unsupported("is not supported towards clients");
  }
  if (wire.has_stream_idle_timeout()) {
    http.stream_idle_timeout =
        none_if_zero(decode_duration(wire.stream_idle_timeout(), at.field("stream_idle_timeout")));
  }
  http.request_timeout = none_if_zero(decode_duration(wire.request_timeout(), at.field("request_timeout")));
  if (wire.has_request_headers_timeout()) {
    http.request_headers_timeout = decode_duration(wire.request_headers_timeout(), at.field("request_headers_timeout"));
  }
  if (wire.has_drain_timeout()) http.drain_timeout = decode_duration(wire.drain_timeout(), at.field("drain_timeout"));
}

void decode_limits(const Wire& wire, const Cursor& at, model::HttpConnection& http) {
  if (wire.has_max_request_headers_kb()) {
    const Cursor here = at.field("max_request_headers_kb");
    const uint32_t kib = decode_value(wire.max_request_headers_kb(), here);
    if (kib == 0 || kib > kMaxHeaderKib) {
      here.invalid(fmt::format("is not from 1 to {}", kMaxHeaderKib));
    } else {
      http.max_request_header_bytes = kib * 1024;
    }
  }
  const auto& common = wire.common_http_protocol_options();
  if (common.has_max_headers_count()) {
    const Cursor options = at.field("common_http_protocol_options");
    const Cursor count = options.field("max_headers_count");
    http.max_request_headers = decode_value(common.max_headers_count(), count);
    if (http.max_request_headers == 0) count.invalid("is 0");
  }
  at.field("http_protocol_options").check_known(wire.http_protocol_options());
  at.field("http2_protocol_options").check_known(wire.http2_protocol_options());
  if (wire.http2_protocol_options().has_max_concurrent_streams()) {
    at.field("http2_protocol_options").field("max_concurrent_streams").unsupported("is not supported towards clients");
  }
}

void decode_server_header(const Wire& wire, const Cursor& at, model::HttpConnection& http) {
  switch (wire.server_header_transformation()) {
    case Wire::OVERWRITE:
      if (!wire.server_name().empty()) http.server_name = wire.server_name();
      return;
    case Wire::PASS_THROUGH:
      http.server_name.clear();
      return;
    default:
      at.field("server_header_transformation").unsupported("must be OVERWRITE or PASS_THROUGH");
  }
}

void decode_upgrades(const Wire& wire, const Cursor& at, model::HttpConnection& http) {
  for (int i = 0; i < wire.upgrade_configs_size(); ++i) {
    const auto& upgrade = wire.upgrade_configs(i);
    const Cursor here = at.item("upgrade_configs", static_cast<size_t>(i));
    here.check_known(upgrade);
    const bool is_enabled = !upgrade.has_enabled() || decode_value(upgrade.enabled(), here.field("enabled"));
    // One that is switched off here can only be switched on by a route, which names it itself.
    if (is_enabled) http.upgrades.push_back(to_lower(upgrade.upgrade_type()));
  }
}

}  // namespace

model::HttpConnection decode_http_connection(const google::protobuf::Any& any, const Cursor& at) {
  model::HttpConnection http;
  Wire wire;
  if (!unpack(any, wire, at)) return http;
  at.check_known(wire);
  http.stat_prefix = wire.stat_prefix();
  http.codec = decode_codec(wire.codec_type(), at.field("codec_type"));
  decode_routes(wire, at, http);
  decode_filters(wire, at, http);
  http.access_logs = decode_access_logs(wire.access_log(), at);
  decode_timeouts(wire, at, http);
  decode_limits(wire, at, http);
  decode_server_header(wire, at, http);
  if (wire.has_generate_request_id()) {
    http.generate_request_id = decode_value(wire.generate_request_id(), at.field("generate_request_id"));
  }
  http.use_remote_address = decode_value(wire.use_remote_address(), at.field("use_remote_address"));
  http.normalize_path = decode_value(wire.normalize_path(), at.field("normalize_path"));
  http.merge_slashes = wire.merge_slashes();
  http.escaped_slashes =
      decode_escaped_slashes(wire.path_with_escaped_slashes_action(), at.field("path_with_escaped_slashes_action"));
  http.client_cert = decode_client_cert(wire, at);
  decode_upgrades(wire, at, http);
  return http;
}

}  // namespace ripstop::xds
