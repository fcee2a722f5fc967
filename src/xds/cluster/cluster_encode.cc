#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/wrappers.pb.h>

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
#include "xds/encode.h"
#include "xds/wire/config_source.h"
#include "xds/wire/message.h"
#include "xds/wire/metadata.h"

namespace ripstop::xds {
namespace {

namespace cluster = envoy::config::cluster::v3;
using model::Balancing;
using model::Discovery;

cluster::Cluster::DiscoveryType to_wire(Discovery discovery) {
  switch (discovery) {
    case Discovery::kStatic:
      return cluster::Cluster::STATIC;
    case Discovery::kEds:
      return cluster::Cluster::EDS;
    case Discovery::kStrictDns:
      return cluster::Cluster::STRICT_DNS;
    case Discovery::kLogicalDns:
      return cluster::Cluster::LOGICAL_DNS;
    case Discovery::kOriginalDst:
      return cluster::Cluster::ORIGINAL_DST;
  }
  return cluster::Cluster::STATIC;
}

bool is_dns(Discovery discovery) {
  return discovery == Discovery::kStrictDns || discovery == Discovery::kLogicalDns;
}

void encode_discovery(const model::Cluster& model, cluster::Cluster* wire) {
  wire->set_type(to_wire(model.discovery));
  if (model.discovery == Discovery::kEds) {
    encode_ads_source(wire->mutable_eds_cluster_config()->mutable_eds_config());
    wire->mutable_eds_cluster_config()->set_service_name(model.eds_name);
  }
  if (model.assignment) encode_assignment(*model.assignment, wire->mutable_load_assignment());
  if (is_dns(model.discovery)) encode_duration(model.dns_refresh, wire->mutable_dns_refresh_rate());
}

// Envoy looks at locality weights only when told to, and with none set behaves as if it had not been told.
bool may_weigh_localities(const model::Cluster& model) {
  if (model.discovery == Discovery::kEds) return true;
  if (!model.assignment) return false;
  for (const model::LocalityEndpoints& locality : model.assignment->localities) {
    if (locality.weight != 0) return true;
  }
  return false;
}

void encode_balancing(const model::Cluster& model, cluster::Cluster* wire) {
  switch (model.balancing) {
    case Balancing::kRoundRobin:
      wire->set_lb_policy(cluster::Cluster::ROUND_ROBIN);
      break;
    case Balancing::kLeastRequest:
      wire->set_lb_policy(cluster::Cluster::LEAST_REQUEST);
      wire->mutable_least_request_lb_config()->mutable_choice_count()->set_value(model.least_request_choices);
      break;
    case Balancing::kRandom:
      wire->set_lb_policy(cluster::Cluster::RANDOM);
      break;
    case Balancing::kClusterProvided:
      wire->set_lb_policy(cluster::Cluster::CLUSTER_PROVIDED);
      break;
  }
  auto* common = wire->mutable_common_lb_config();
  common->mutable_healthy_panic_threshold()->set_value(model.panic_percent);
  if (model.balancing != Balancing::kClusterProvided && may_weigh_localities(model)) {
    common->mutable_locality_weighted_lb_config();
  }
}

void encode_tls(const model::Cluster& model, cluster::Cluster* wire) {
  if (!model.tls) return;
  if (!model.tls_only_where_taken) {
    encode_upstream_tls(*model.tls, wire->mutable_transport_socket());
    return;
  }
  auto* taken = wire->add_transport_socket_matches();
  taken->set_name("tlsMode-istio");
  (*taken->mutable_match()->mutable_fields())[std::string(kTlsModeKey)].set_string_value(std::string(kTlsModeIstio));
  encode_upstream_tls(*model.tls, taken->mutable_transport_socket());
  auto* disabled = wire->add_transport_socket_matches();
  disabled->set_name("tlsMode-disabled");
  disabled->mutable_match();
  encode_raw_buffer(disabled->mutable_transport_socket());
}

}  // namespace

void encode_cluster(const model::Cluster& model, cluster::Cluster* wire) {
  wire->set_name(model.name);
  encode_discovery(model, wire);
  encode_balancing(model, wire);
  encode_duration(model.connect_timeout, wire->mutable_connect_timeout());
  encode_upstream_http(model, wire);
  encode_limits(model, wire);
  encode_health_check(model, wire);
  encode_tls(model, wire);
  envoy::config::core::v3::Metadata metadata;
  encode_cluster_metadata(model, &metadata);
  if (metadata.filter_metadata_size() != 0) *wire->mutable_metadata() = std::move(metadata);
}

Resource encode(const model::Cluster& model) {
  cluster::Cluster wire;
  encode_cluster(model, &wire);
  return to_resource(type::kCluster, model.name, wire);
}

}  // namespace ripstop::xds
