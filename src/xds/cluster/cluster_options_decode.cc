#include <fmt/format.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include "envoy/config/cluster/v3/cluster.pb.h"
#include "envoy/config/core/v3/address.pb.h"
#include "envoy/extensions/upstreams/http/v3/http_protocol_options.pb.h"
#include "xds/cluster/cluster_wire.h"
#include "xds/wire/message.h"
#include "xds/wire/type_names.h"

namespace ripstop::xds {
namespace {

namespace cluster = envoy::config::cluster::v3;
namespace upstream = envoy::extensions::upstreams::http::v3;
using google::protobuf::UInt32Value;

void decode_breaker(const cluster::CircuitBreakers& wire, const Cursor& at, model::CircuitBreaker& model) {
  at.check_known(wire);
  for (int i = 0; i < wire.thresholds_size(); ++i) {
    const auto& thresholds = wire.thresholds(i);
    const Cursor here = at.item("thresholds", static_cast<size_t>(i));
    here.check_known(thresholds);
    if (thresholds.priority() != envoy::config::core::v3::DEFAULT) {
      // No route can ask for the high priority here, so its thresholds never apply.
      continue;
    }
    if (thresholds.has_max_connections()) {
      model.max_connections = decode_value(thresholds.max_connections(), here.field("max_connections"));
    }
    if (thresholds.has_max_pending_requests()) {
      model.max_pending_requests = decode_value(thresholds.max_pending_requests(), here.field("max_pending_requests"));
    }
    if (thresholds.has_max_requests()) {
      model.max_requests = decode_value(thresholds.max_requests(), here.field("max_requests"));
    }
    if (thresholds.has_max_retries()) {
      model.max_retries = decode_value(thresholds.max_retries(), here.field("max_retries"));
    }
  }
}

uint32_t value_or(bool is_set, const UInt32Value& wire, uint32_t otherwise, const Cursor& at) {
  return is_set ? decode_value(wire, at) : otherwise;
}

// A detector enforces everything or nothing here.
uint32_t decode_detector(uint32_t count, uint32_t enforcing, const Cursor& at) {
  if (enforcing != 0 && enforcing != 100) at.unsupported("must be 0 or 100");
  return enforcing == 0 ? 0 : count;
}

void decode_detectors(const cluster::OutlierDetection& wire, const Cursor& at, model::OutlierDetection& model) {
  const Cursor enforce_5xx = at.field("enforcing_consecutive_5xx");
  model.consecutive_5xx = decode_detector(
      value_or(wire.has_consecutive_5xx(), wire.consecutive_5xx(), 5, at.field("consecutive_5xx")),
      value_or(wire.has_enforcing_consecutive_5xx(), wire.enforcing_consecutive_5xx(), 100, enforce_5xx), enforce_5xx);
  const Cursor enforce_gateway = at.field("enforcing_consecutive_gateway_failure");
  model.consecutive_gateway_failure =
      decode_detector(value_or(wire.has_consecutive_gateway_failure(), wire.consecutive_gateway_failure(), 5,
                               at.field("consecutive_gateway_failure")),
                      value_or(wire.has_enforcing_consecutive_gateway_failure(),
                               wire.enforcing_consecutive_gateway_failure(), 0, enforce_gateway),
                      enforce_gateway);
  // Without the split, failures of our own making count as 5xx and this detector never sees any.
  const Cursor enforce_local = at.field("enforcing_consecutive_local_origin_failure");
  model.split_local_origin = wire.split_external_local_origin_errors();
  model.consecutive_local_origin_failure =
      decode_detector(value_or(wire.has_consecutive_local_origin_failure(), wire.consecutive_local_origin_failure(),
                               model.split_local_origin ? 5 : 0, at.field("consecutive_local_origin_failure")),
                      value_or(wire.has_enforcing_consecutive_local_origin_failure(),
                               wire.enforcing_consecutive_local_origin_failure(), 100, enforce_local),
                      enforce_local);
}

void decode_success_rates(const cluster::OutlierDetection& wire, const Cursor& at) {
  const Cursor external = at.field("enforcing_success_rate");
  if (value_or(wire.has_enforcing_success_rate(), wire.enforcing_success_rate(), 100, external) != 0) {
    external.unsupported("must be set to 0: hosts are not ejected by success rate");
  }
  const Cursor local = at.field("enforcing_local_origin_success_rate");
  const uint32_t enforcing =
      value_or(wire.has_enforcing_local_origin_success_rate(), wire.enforcing_local_origin_success_rate(), 100, local);
  if (wire.split_external_local_origin_errors() && enforcing != 0) {
    local.unsupported("must be set to 0: hosts are not ejected by success rate");
  }
}

model::OutlierDetection decode_outlier(const cluster::OutlierDetection& wire, const Cursor& at) {
  model::OutlierDetection model;
  at.check_known(wire);
  decode_detectors(wire, at, model);
  decode_success_rates(wire, at);
  if (wire.has_interval()) model.interval = decode_duration(wire.interval(), at.field("interval"));
  if (wire.has_base_ejection_time()) {
    model.base_ejection = decode_duration(wire.base_ejection_time(), at.field("base_ejection_time"));
  }
  if (wire.has_max_ejection_time()) {
    model.max_ejection = decode_duration(wire.max_ejection_time(), at.field("max_ejection_time"));
  } else {
    model.max_ejection = std::max(model.max_ejection, model.base_ejection);
  }
  const Cursor percent = at.field("max_ejection_percent");
  model.max_ejection_percent = value_or(wire.has_max_ejection_percent(), wire.max_ejection_percent(), 10, percent);
  if (model.max_ejection_percent > 100) percent.invalid("is above 100");
  model.always_eject_one = decode_value(wire.always_eject_one_host(), at.field("always_eject_one_host"));
  if (model.interval == Duration::zero()) at.field("interval").invalid("is 0");
  return model;
}

model::TcpKeepalive decode_keepalive(const envoy::config::core::v3::TcpKeepalive& wire, const Cursor& at) {
  at.check_known(wire);
  return {.probes = decode_value(wire.keepalive_probes(), at.field("keepalive_probes")),
          .idle = std::chrono::seconds(decode_value(wire.keepalive_time(), at.field("keepalive_time"))),
          .interval = std::chrono::seconds(decode_value(wire.keepalive_interval(), at.field("keepalive_interval")))};
}

// How many streams a peer will take it says itself, in SETTINGS, so an upper bound of our own changes nothing.
void check_http2(const envoy::config::core::v3::Http2ProtocolOptions& wire, const Cursor& at) {
  at.check_known(wire);
  at.field("max_concurrent_streams").check_known(wire.max_concurrent_streams());
}

void decode_protocol(const upstream::HttpProtocolOptions& wire, const Cursor& at, model::Cluster& model) {
  if (wire.has_explicit_http_config()) {
    const Cursor here = at.field("explicit_http_config");
    const auto& explicit_config = wire.explicit_http_config();
    here.check_known(explicit_config);
    here.field("http_protocol_options").check_known(explicit_config.http_protocol_options());
    check_http2(explicit_config.http2_protocol_options(), here.field("http2_protocol_options"));
    model.protocol = explicit_config.has_http2_protocol_options() ? model::UpstreamProtocol::kHttp2
                                                                  : model::UpstreamProtocol::kHttp1;
  } else if (wire.has_use_downstream_protocol_config()) {
    const Cursor here = at.field("use_downstream_protocol_config");
    const auto& use_downstream = wire.use_downstream_protocol_config();
    here.check_known(use_downstream);
    here.field("http_protocol_options").check_known(use_downstream.http_protocol_options());
    check_http2(use_downstream.http2_protocol_options(), here.field("http2_protocol_options"));
    model.protocol = model::UpstreamProtocol::kSameAsDownstream;
  } else if (wire.has_auto_config()) {
    const Cursor here = at.field("auto_config");
    here.check_known(wire.auto_config());
    here.field("http_protocol_options").check_known(wire.auto_config().http_protocol_options());
    check_http2(wire.auto_config().http2_protocol_options(), here.field("http2_protocol_options"));
    model.protocol = model::UpstreamProtocol::kNegotiated;
  } else {
    at.invalid("names no protocol (explicit_http_config, use_downstream_protocol_config or auto_config)");
  }
}

void decode_http_options(const upstream::HttpProtocolOptions& wire, const Cursor& at, model::Cluster& model) {
  at.check_known(wire);
  decode_protocol(wire, at, model);
  const auto& common = wire.common_http_protocol_options();
  const Cursor here = at.field("common_http_protocol_options");
  here.check_known(common);
  if (common.has_max_headers_count()) here.field("max_headers_count").unsupported("is not supported for upstreams");
  if (common.has_idle_timeout()) {
    model.idle_timeout = decode_duration(common.idle_timeout(), here.field("idle_timeout"));
  }
  if (common.has_max_connection_duration()) {
    const Cursor longest = here.field("max_connection_duration");
    model.max_connection_duration = decode_duration(common.max_connection_duration(), longest);
    if (*model.max_connection_duration == Duration::zero()) longest.invalid("is 0");
  }
  model.max_requests_per_connection =
      decode_value(common.max_requests_per_connection(), here.field("max_requests_per_connection"));
}

}  // namespace

void decode_limits(const cluster::Cluster& wire, const Cursor& at, model::Cluster& model) {
  decode_breaker(wire.circuit_breakers(), at.field("circuit_breakers"), model.breaker);
  if (wire.has_outlier_detection()) {
    model.outlier = decode_outlier(wire.outlier_detection(), at.field("outlier_detection"));
  }
  const Cursor connection = at.field("upstream_connection_options");
  connection.check_known(wire.upstream_connection_options());
  if (wire.upstream_connection_options().has_tcp_keepalive()) {
    model.keepalive =
        decode_keepalive(wire.upstream_connection_options().tcp_keepalive(), connection.field("tcp_keepalive"));
  }
}

void decode_upstream_http(const cluster::Cluster& wire, const Cursor& at, model::Cluster& model) {
  // How it was said before there were typed options; those win.
  if (wire.has_http2_protocol_options()) {
    check_http2(wire.http2_protocol_options(), at.field("http2_protocol_options"));
    model.protocol = model::UpstreamProtocol::kHttp2;
  }
  for (const auto& [name, any] : wire.typed_extension_protocol_options()) {
    const Cursor here = at.entry("typed_extension_protocol_options", name);
    if (type_name_of(any) != type_name::kUpstreamHttp) {
      here.unsupported(fmt::format("is \"{}\", which is not supported", type_name_of(any)));
      continue;
    }
    upstream::HttpProtocolOptions options;
    if (unpack(any, options, here)) decode_http_options(options, here, model);
  }
}

}  // namespace ripstop::xds
