#include <fmt/format.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include <algorithm>

#include "base/text.h"
#include "envoy/config/cluster/v3/cluster.pb.h"
#include "envoy/config/core/v3/health_check.pb.h"
#include "envoy/type/v3/range.pb.h"
#include "xds/cluster/cluster_wire.h"
#include "xds/wire/message.h"

namespace ripstop::xds {
namespace {

using Wire = envoy::config::core::v3::HealthCheck;

constexpr size_t kMostPatterns = 64;
constexpr size_t kMostPatternBytes = size_t{16} << 10;
constexpr size_t kMostRanges = 64;
constexpr uint32_t kMostPercent = 1000;

// Goes into a request line or a header as it is.
bool is_visible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
}

std::string decode_payload(const Wire::Payload& wire, const Cursor& at) {
  at.check_known(wire);
  const Cursor text = at.field("text");
  std::string bytes;
  if (wire.text().empty() || wire.text().size() % 2 != 0 || wire.text().size() > 2 * kMostPatternBytes) {
    text.invalid(fmt::format("is not one to {} bytes in hexadecimal", kMostPatternBytes));
    return bytes;
  }
  for (size_t i = 0; i < wire.text().size(); i += 2) {
    const auto byte = parse_number<uint8_t>(std::string_view(wire.text()).substr(i, 2), 16);
    if (!byte) {
      text.invalid("is not hexadecimal");
      return {};
    }
    bytes += static_cast<char>(*byte);
  }
  return bytes;
}

model::TcpHealthCheck decode_tcp(const Wire::TcpHealthCheck& wire, const Cursor& at) {
  model::TcpHealthCheck tcp;
  at.check_known(wire);
  if (wire.has_send()) tcp.send = decode_payload(wire.send(), at.field("send"));
  const auto count = static_cast<size_t>(wire.receive_size());
  if (!at.check_count("receive", count, kMostPatterns)) return tcp;
  for (size_t i = 0; i < count; ++i) {
    tcp.receive.push_back(decode_payload(wire.receive(static_cast<int>(i)), at.item("receive", i)));
  }
  return tcp;
}

void decode_expected(const Wire::HttpHealthCheck& wire, const Cursor& at, model::HttpHealthCheck& http) {
  const auto count = static_cast<size_t>(wire.expected_statuses_size());
  if (!at.check_count("expected_statuses", count, kMostRanges)) return;
  for (size_t i = 0; i < count; ++i) {
    const auto& range = wire.expected_statuses(static_cast<int>(i));
    const Cursor here = at.item("expected_statuses", i);
    here.check_known(range);
    if (range.start() < 100 || range.end() > 600 || range.start() >= range.end()) {
      here.invalid("is not a range within 100 to 599");
      continue;
    }
    http.expected.push_back({static_cast<uint16_t>(range.start()), static_cast<uint16_t>(range.end())});
  }
}

model::HttpHealthCheck decode_http(const Wire::HttpHealthCheck& wire, const Cursor& at) {
  model::HttpHealthCheck http;
  at.check_known(wire);
  http.host = wire.host();
  http.path = wire.path();
  if (!is_visible(http.host)) at.field("host").invalid("is not a host");
  if (!http.path.starts_with('/') || !is_visible(http.path)) at.field("path").invalid("is not a path");
  decode_expected(wire, at, http);
  if (wire.codec_client_type() != envoy::type::v3::HTTP1 && wire.codec_client_type() != envoy::type::v3::HTTP2) {
    at.field("codec_client_type").unsupported("must be HTTP1 or HTTP2");
  }
  http.is_http2 = wire.codec_client_type() == envoy::type::v3::HTTP2;
  return http;
}

model::GrpcHealthCheck decode_grpc(const Wire::GrpcHealthCheck& wire, const Cursor& at) {
  at.check_known(wire);
  if (!is_visible(wire.authority())) at.field("authority").invalid("is not an authority");
  return {.service = wire.service_name(), .authority = wire.authority()};
}

void decode_probe(const Wire& wire, const Cursor& at, model::HealthCheck& check) {
  switch (wire.health_checker_case()) {
    case Wire::kHttpHealthCheck:
      check.probe = decode_http(wire.http_health_check(), at.field("http_health_check"));
      return;
    case Wire::kTcpHealthCheck:
      check.probe = decode_tcp(wire.tcp_health_check(), at.field("tcp_health_check"));
      return;
    case Wire::kGrpcHealthCheck:
      check.probe = decode_grpc(wire.grpc_health_check(), at.field("grpc_health_check"));
      return;
    case Wire::HEALTH_CHECKER_NOT_SET:
      at.unsupported("must check by http_health_check, tcp_health_check or grpc_health_check");
  }
}

Duration decode_positive(const google::protobuf::Duration& wire, const Cursor& at) {
  const Duration value = decode_duration(wire, at);
  if (value <= Duration::zero()) at.invalid("is not above 0");
  return value;
}

uint32_t decode_threshold(bool is_set, const google::protobuf::UInt32Value& wire, const Cursor& at) {
  const uint32_t value = is_set ? decode_value(wire, at) : 0;
  if (value == 0) at.invalid("is not above 0");
  return value;
}

void decode_pace(const Wire& wire, const Cursor& at, model::HealthCheck& check) {
  check.timeout = decode_positive(wire.timeout(), at.field("timeout"));
  check.interval = decode_positive(wire.interval(), at.field("interval"));
  if (wire.has_unhealthy_interval()) {
    check.unhealthy_interval = decode_positive(wire.unhealthy_interval(), at.field("unhealthy_interval"));
  }
  check.initial_jitter = decode_duration(wire.initial_jitter(), at.field("initial_jitter"));
  check.interval_jitter = decode_duration(wire.interval_jitter(), at.field("interval_jitter"));
  check.interval_jitter_percent = wire.interval_jitter_percent();
  if (check.interval_jitter_percent > kMostPercent) {
    at.field("interval_jitter_percent").invalid(fmt::format("is above {}", kMostPercent));
  }
}

}  // namespace

void decode_health_check(const envoy::config::cluster::v3::Cluster& wire, const Cursor& at, model::Cluster& model) {
  if (wire.health_checks_size() == 0) return;
  const Cursor here = at.item("health_checks", 0);
  const Wire& given = wire.health_checks(0);
  here.check_known(given);
  if (wire.health_checks_size() > 1) at.item("health_checks", 1).unsupported("is a second one; a cluster has one");
  if (model.discovery == model::Discovery::kOriginalDst) here.invalid("does not go with the cluster's type");
  model::HealthCheck check;
  decode_pace(given, here, check);
  check.unhealthy_threshold =
      decode_threshold(given.has_unhealthy_threshold(), given.unhealthy_threshold(), here.field("unhealthy_threshold"));
  check.healthy_threshold =
      decode_threshold(given.has_healthy_threshold(), given.healthy_threshold(), here.field("healthy_threshold"));
  if (given.has_alt_port()) {
    const Cursor alt_port = here.field("alt_port");
    const uint32_t port = decode_value(given.alt_port(), alt_port);
    if (port == 0 || port > 65535) alt_port.invalid("is not a port");
    check.alt_port = static_cast<uint16_t>(port);
  }
  decode_probe(given, here, check);
  model.health_check = std::move(check);
}

}  // namespace ripstop::xds
