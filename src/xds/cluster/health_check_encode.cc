#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include "base/text.h"
#include "envoy/config/cluster/v3/cluster.pb.h"
#include "envoy/config/core/v3/health_check.pb.h"
#include "envoy/type/v3/range.pb.h"
#include "xds/cluster/cluster_wire.h"
#include "xds/wire/message.h"

namespace ripstop::xds {
namespace {

using Wire = envoy::config::core::v3::HealthCheck;

void encode_probe(const model::TcpHealthCheck& tcp, Wire* wire) {
  auto* made = wire->mutable_tcp_health_check();
  if (!tcp.send.empty()) made->mutable_send()->set_text(to_hex(tcp.send));
  for (const std::string& pattern : tcp.receive) made->add_receive()->set_text(to_hex(pattern));
}

void encode_probe(const model::HttpHealthCheck& http, Wire* wire) {
  auto* made = wire->mutable_http_health_check();
  made->set_host(http.host);
  made->set_path(http.path);
  for (const auto& range : http.expected) {
    auto* expected = made->add_expected_statuses();
    expected->set_start(range.first);
    expected->set_end(range.end);
  }
  if (http.is_http2) made->set_codec_client_type(envoy::type::v3::HTTP2);
}

void encode_probe(const model::GrpcHealthCheck& grpc, Wire* wire) {
  auto* made = wire->mutable_grpc_health_check();
  made->set_service_name(grpc.service);
  made->set_authority(grpc.authority);
}

}  // namespace

void encode_health_check(const model::Cluster& model, envoy::config::cluster::v3::Cluster* wire) {
  if (!model.health_check) return;
  const model::HealthCheck& check = *model.health_check;
  Wire* made = wire->add_health_checks();
  encode_duration(check.timeout, made->mutable_timeout());
  encode_duration(check.interval, made->mutable_interval());
  if (check.unhealthy_interval) encode_duration(*check.unhealthy_interval, made->mutable_unhealthy_interval());
  if (check.initial_jitter != Duration::zero()) encode_duration(check.initial_jitter, made->mutable_initial_jitter());
  if (check.interval_jitter != Duration::zero()) {
    encode_duration(check.interval_jitter, made->mutable_interval_jitter());
  }
  made->set_interval_jitter_percent(check.interval_jitter_percent);
  made->mutable_unhealthy_threshold()->set_value(check.unhealthy_threshold);
  made->mutable_healthy_threshold()->set_value(check.healthy_threshold);
  if (check.alt_port != 0) made->mutable_alt_port()->set_value(check.alt_port);
  std::visit([made](const auto& probe) { encode_probe(probe, made); }, check.probe);
}

}  // namespace ripstop::xds
