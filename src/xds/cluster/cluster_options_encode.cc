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
using google::protobuf::UInt32Value;

void encode_breaker(const model::CircuitBreaker& breaker, cluster::CircuitBreakers* wire) {
  auto* thresholds = wire->add_thresholds();
  thresholds->mutable_max_connections()->set_value(breaker.max_connections);
  thresholds->mutable_max_pending_requests()->set_value(breaker.max_pending_requests);
  thresholds->mutable_max_requests()->set_value(breaker.max_requests);
  thresholds->mutable_max_retries()->set_value(breaker.max_retries);
}

// The share of ejections that are carried out: all of them, or none for a detector that is off.
void encode_detector(uint32_t consecutive, UInt32Value* count, UInt32Value* enforcing) {
  count->set_value(consecutive);
  enforcing->set_value(consecutive == 0 ? 0 : 100);
}

void encode_outlier(const model::OutlierDetection& model, cluster::OutlierDetection* wire) {
  encode_detector(model.consecutive_5xx, wire->mutable_consecutive_5xx(), wire->mutable_enforcing_consecutive_5xx());
  encode_detector(model.consecutive_gateway_failure, wire->mutable_consecutive_gateway_failure(),
                  wire->mutable_enforcing_consecutive_gateway_failure());
  // Ejection by success rate is on unless it is switched off.
  wire->mutable_enforcing_success_rate()->set_value(0);
  if (model.split_local_origin) {
    wire->set_split_external_local_origin_errors(true);
    wire->mutable_enforcing_local_origin_success_rate()->set_value(0);
  }
  if (model.split_local_origin || model.consecutive_local_origin_failure != 0) {
    encode_detector(model.consecutive_local_origin_failure, wire->mutable_consecutive_local_origin_failure(),
                    wire->mutable_enforcing_consecutive_local_origin_failure());
  }
  encode_duration(model.interval, wire->mutable_interval());
  encode_duration(model.base_ejection, wire->mutable_base_ejection_time());
  encode_duration(model.max_ejection, wire->mutable_max_ejection_time());
  wire->mutable_max_ejection_percent()->set_value(model.max_ejection_percent);
  if (model.always_eject_one) wire->mutable_always_eject_one_host()->set_value(true);
}

void set_seconds(Duration value, UInt32Value* wire) {
  wire->set_value(static_cast<uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(value).count()));
}

void encode_keepalive(const model::TcpKeepalive& model, envoy::config::core::v3::TcpKeepalive* wire) {
  if (model.probes != 0) wire->mutable_keepalive_probes()->set_value(model.probes);
  if (model.idle != Duration::zero()) set_seconds(model.idle, wire->mutable_keepalive_time());
  if (model.interval != Duration::zero()) set_seconds(model.interval, wire->mutable_keepalive_interval());
}

}  // namespace

void encode_limits(const model::Cluster& model, cluster::Cluster* wire) {
  if (model.breaker != model::CircuitBreaker{}) encode_breaker(model.breaker, wire->mutable_circuit_breakers());
  if (model.outlier) encode_outlier(*model.outlier, wire->mutable_outlier_detection());
  if (model.keepalive) {
    encode_keepalive(*model.keepalive, wire->mutable_upstream_connection_options()->mutable_tcp_keepalive());
  }
}

void encode_upstream_http(const model::Cluster& model, cluster::Cluster* wire) {
  if (model.protocol == model::UpstreamProtocol::kHttp1 && !model.idle_timeout &&
      model.max_requests_per_connection == 0 && !model.max_connection_duration) {
    return;
  }
  envoy::extensions::upstreams::http::v3::HttpProtocolOptions options;
  switch (model.protocol) {
    case model::UpstreamProtocol::kHttp1:
      options.mutable_explicit_http_config()->mutable_http_protocol_options();
      break;
    case model::UpstreamProtocol::kHttp2:
      options.mutable_explicit_http_config()->mutable_http2_protocol_options();
      break;
    case model::UpstreamProtocol::kNegotiated:
      options.mutable_auto_config()->mutable_http_protocol_options();
      options.mutable_auto_config()->mutable_http2_protocol_options();
      break;
    case model::UpstreamProtocol::kSameAsDownstream:
      options.mutable_use_downstream_protocol_config()->mutable_http_protocol_options();
      options.mutable_use_downstream_protocol_config()->mutable_http2_protocol_options();
      break;
  }
  if (model.idle_timeout) {
    encode_duration(*model.idle_timeout, options.mutable_common_http_protocol_options()->mutable_idle_timeout());
  }
  if (model.max_requests_per_connection != 0) {
    options.mutable_common_http_protocol_options()->mutable_max_requests_per_connection()->set_value(
        model.max_requests_per_connection);
  }
  if (model.max_connection_duration) {
    encode_duration(*model.max_connection_duration,
                    options.mutable_common_http_protocol_options()->mutable_max_connection_duration());
  }
  pack(type_name::kUpstreamHttp, options,
       &(*wire->mutable_typed_extension_protocol_options())[std::string(type_name::kUpstreamHttp)]);
}

}  // namespace ripstop::xds
