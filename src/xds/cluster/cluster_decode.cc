#include <fmt/format.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include <cmath>

#include "envoy/config/cluster/v3/cluster.pb.h"
#include "envoy/config/core/v3/address.pb.h"
#include "envoy/config/core/v3/base.pb.h"
#include "envoy/config/core/v3/config_source.pb.h"
#include "envoy/config/endpoint/v3/endpoint.pb.h"
#include "envoy/extensions/transport_sockets/tls/v3/secret.pb.h"
#include "envoy/extensions/transport_sockets/tls/v3/tls.pb.h"
#include "xds/cluster/cluster_wire.h"
#include "xds/cluster/endpoint_wire.h"
#include "xds/cluster/tls_wire.h"
#include "xds/decode.h"
#include "xds/wire/config_source.h"
#include "xds/wire/message.h"
#include "xds/wire/metadata.h"

namespace ripstop::xds {
namespace {

namespace cluster = envoy::config::cluster::v3;
using model::Balancing;
using model::Discovery;

Discovery decode_type(cluster::Cluster::DiscoveryType wire, const Cursor& at) {
  switch (wire) {
    case cluster::Cluster::STATIC:
      return Discovery::kStatic;
    case cluster::Cluster::STRICT_DNS:
      return Discovery::kStrictDns;
    case cluster::Cluster::LOGICAL_DNS:
      return Discovery::kLogicalDns;
    case cluster::Cluster::EDS:
      return Discovery::kEds;
    case cluster::Cluster::ORIGINAL_DST:
      return Discovery::kOriginalDst;
    default:
      at.unsupported(fmt::format("is {}, which is not supported", static_cast<int>(wire)));
      return Discovery::kStatic;
  }
}

Balancing decode_policy(cluster::Cluster::LbPolicy wire, const Cursor& at) {
  switch (wire) {
    case cluster::Cluster::ROUND_ROBIN:
      return Balancing::kRoundRobin;
    case cluster::Cluster::LEAST_REQUEST:
      return Balancing::kLeastRequest;
    case cluster::Cluster::RANDOM:
      return Balancing::kRandom;
    case cluster::Cluster::CLUSTER_PROVIDED:
      return Balancing::kClusterProvided;
    default:
      at.unsupported(fmt::format("is {}; round robin, least request, random and cluster provided are supported",
                                 static_cast<int>(wire)));
      return Balancing::kRoundRobin;
  }
}

void decode_eds(const cluster::Cluster& wire, const Cursor& at, model::Cluster& model) {
  const Cursor here = at.field("eds_cluster_config");
  if (model.discovery != Discovery::kEds) {
    if (wire.has_eds_cluster_config()) here.invalid("is set, but the cluster's type is not EDS");
    return;
  }
  here.check_known(wire.eds_cluster_config());
  decode_ads_source(wire.eds_cluster_config().eds_config(), here.field("eds_config"));
  model.eds_name = wire.eds_cluster_config().service_name();
}

void decode_discovery(const cluster::Cluster& wire, const Cursor& at, model::Cluster& model) {
  model.discovery = decode_type(wire.type(), at.field("type"));
  decode_eds(wire, at, model);
  const bool is_dns = model.discovery == Discovery::kStrictDns || model.discovery == Discovery::kLogicalDns;
  const bool needs_assignment = is_dns || model.discovery == Discovery::kStatic;
  const Cursor assignment = at.field("load_assignment");
  if (needs_assignment != wire.has_load_assignment()) {
    assignment.invalid(needs_assignment ? "is missing" : "does not go with the cluster's type");
  } else if (needs_assignment) {
    model.assignment =
        decode_assignment(wire.load_assignment(), is_dns ? Hostnames::kAllowed : Hostnames::kRefused, assignment);
  }
  const Cursor refresh = at.field("dns_refresh_rate");
  if (!wire.has_dns_refresh_rate()) return;
  const Duration given = decode_duration(wire.dns_refresh_rate(), refresh);
  if (is_dns) model.dns_refresh = given;
  if (given < std::chrono::milliseconds(1)) refresh.invalid("is below a millisecond");
}

void decode_balancing(const cluster::Cluster& wire, const Cursor& at, model::Cluster& model) {
  model.balancing = decode_policy(wire.lb_policy(), at.field("lb_policy"));
  const Cursor least = at.field("least_request_lb_config");
  least.check_known(wire.least_request_lb_config());
  if (model.balancing == Balancing::kLeastRequest && wire.least_request_lb_config().has_choice_count()) {
    const Cursor choices = least.field("choice_count");
    model.least_request_choices = decode_value(wire.least_request_lb_config().choice_count(), choices);
    if (model.least_request_choices < 2) choices.invalid("is below 2");
  }
  const Cursor common = at.field("common_lb_config");
  common.check_known(wire.common_lb_config());
  common.field("locality_weighted_lb_config").check_known(wire.common_lb_config().locality_weighted_lb_config());
  if (wire.common_lb_config().has_healthy_panic_threshold()) {
    const Cursor panic = common.field("healthy_panic_threshold");
    panic.check_known(wire.common_lb_config().healthy_panic_threshold());
    const double percent = wire.common_lb_config().healthy_panic_threshold().value();
    if (!(percent >= 0 && percent <= 100) || std::floor(percent) != percent) {
      panic.field("value").unsupported("must be a whole number from 0 to 100");
    } else {
      model.panic_percent = static_cast<uint32_t>(percent);
    }
  }
  if (!wire.common_lb_config().has_locality_weighted_lb_config() && model.assignment) {
    for (model::LocalityEndpoints& locality : model.assignment->localities) locality.weight = 0;
  }
}

bool is_for_istio_mode(const cluster::Cluster::TransportSocketMatch& wire) {
  const auto mode = wire.match().fields().find(std::string(kTlsModeKey));
  return wire.match().fields_size() == 1 && mode != wire.match().fields().end() &&
         mode->second.string_value() == kTlsModeIstio;
}

// Two forms are understood: TLS for all, and Istio's "TLS where the endpoint takes it, plain otherwise".
void decode_tls(const cluster::Cluster& wire, const Cursor& at, model::Cluster& model) {
  if (wire.has_transport_socket())
    model.tls = decode_upstream_tls(wire.transport_socket(), at.field("transport_socket"));
  if (wire.transport_socket_matches_size() == 0) return;
  const Cursor first = at.item("transport_socket_matches", 0);
  first.check_known(wire.transport_socket_matches(0));
  if (model.tls || wire.transport_socket_matches_size() > 2 || !is_for_istio_mode(wire.transport_socket_matches(0))) {
    first.unsupported("must be {tlsMode: istio}, with plain text for the rest and no other match");
    return;
  }
  model.tls = decode_upstream_tls(wire.transport_socket_matches(0).transport_socket(), first.field("transport_socket"));
  model.tls_only_where_taken = true;
  if (!model.tls) first.field("transport_socket").unsupported("must be TLS");
  if (wire.transport_socket_matches_size() < 2) return;
  const auto& rest = wire.transport_socket_matches(1);
  const Cursor second = at.item("transport_socket_matches", 1);
  second.check_known(rest);
  if (rest.match().fields_size() != 0) second.field("match").unsupported("must be empty, for every other endpoint");
  if (decode_upstream_tls(rest.transport_socket(), second.field("transport_socket"))) {
    second.field("transport_socket").unsupported("must be raw_buffer");
  }
}

}  // namespace

model::Cluster decode_cluster(const cluster::Cluster& wire, const Cursor& at) {
  model::Cluster model;
  at.check_known(wire);
  model.name = wire.name();
  if (model.name.empty()) at.field("name").invalid("is empty");
  decode_discovery(wire, at, model);
  decode_balancing(wire, at, model);
  if (wire.has_connect_timeout()) {
    model.connect_timeout = decode_duration(wire.connect_timeout(), at.field("connect_timeout"));
    if (model.connect_timeout == Duration::zero()) at.field("connect_timeout").invalid("is 0");
  }
  decode_upstream_http(wire, at, model);
  decode_limits(wire, at, model);
  decode_health_check(wire, at, model);
  decode_tls(wire, at, model);
  if (wire.has_metadata()) decode_cluster_metadata(wire.metadata(), at.field("metadata"), model);
  at.field("per_connection_buffer_limit_bytes").check_known(wire.per_connection_buffer_limit_bytes());
  at.field("cleanup_interval").check_known(wire.cleanup_interval());
  return model;
}

Result<model::Cluster> decode_cluster(std::string_view body) {
  cluster::Cluster wire;
  if (Status parsed = parse_body(body, "Cluster", wire); !parsed) return fail_with(parsed);
  Problems problems;
  model::Cluster model = decode_cluster(wire, Cursor("Cluster", problems));
  if (!problems.is_empty()) return std::unexpected(problems.to_error());
  return model;
}

}  // namespace ripstop::xds
