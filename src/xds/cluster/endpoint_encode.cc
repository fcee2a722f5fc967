#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include <algorithm>

#include "envoy/config/core/v3/address.pb.h"
#include "envoy/config/core/v3/base.pb.h"
#include "envoy/config/endpoint/v3/endpoint.pb.h"
#include "xds/cluster/endpoint_wire.h"
#include "xds/encode.h"
#include "xds/wire/message.h"
#include "xds/wire/metadata.h"

namespace ripstop::xds {
namespace {

namespace core = envoy::config::core::v3;
namespace endpoint = envoy::config::endpoint::v3;

core::HealthStatus to_wire(model::Health health) {
  switch (health) {
    case model::Health::kUnknown:
      return core::UNKNOWN;
    case model::Health::kHealthy:
      return core::HEALTHY;
    case model::Health::kUnhealthy:
      return core::UNHEALTHY;
    case model::Health::kDraining:
      return core::DRAINING;
    case model::Health::kTimeout:
      return core::TIMEOUT;
    case model::Health::kDegraded:
      return core::DEGRADED;
  }
  return core::UNKNOWN;
}

void encode_endpoint(const model::Endpoint& model, endpoint::LbEndpoint* wire) {
  auto* address = wire->mutable_endpoint()->mutable_address();
  if (model.hostname.empty()) {
    encode_address(model.address, address);
  } else {
    encode_address(model.hostname, model.address.port, address);
  }
  wire->set_health_status(to_wire(model.health));
  core::Metadata metadata;
  encode_endpoint_metadata(model, &metadata);
  if (metadata.filter_metadata_size() != 0) *wire->mutable_metadata() = std::move(metadata);
  // Envoy refuses a weight of zero; an endpoint that shall get nothing is left out or marked unhealthy.
  if (model.weight != 1) wire->mutable_load_balancing_weight()->set_value(std::max<uint32_t>(model.weight, 1));
}

void encode_locality(const model::LocalityEndpoints& model, endpoint::LocalityLbEndpoints* wire) {
  auto* locality = wire->mutable_locality();
  locality->set_region(model.locality.region);
  locality->set_zone(model.locality.zone);
  locality->set_sub_zone(model.locality.sub_zone);
  wire->set_priority(model.priority);
  if (model.weight != 0) wire->mutable_load_balancing_weight()->set_value(model.weight);
  for (const model::Endpoint& one : model.endpoints) encode_endpoint(one, wire->add_lb_endpoints());
}

}  // namespace

void encode_assignment(const model::LoadAssignment& assignment, endpoint::ClusterLoadAssignment* wire) {
  wire->set_cluster_name(assignment.cluster);
  for (const model::LocalityEndpoints& locality : assignment.localities)
    encode_locality(locality, wire->add_endpoints());
  if (assignment.overprovisioning_percent != 140) {
    wire->mutable_policy()->mutable_overprovisioning_factor()->set_value(assignment.overprovisioning_percent);
  }
}

Resource encode(const model::LoadAssignment& assignment) {
  endpoint::ClusterLoadAssignment wire;
  encode_assignment(assignment, &wire);
  return to_resource(type::kLoadAssignment, assignment.cluster, wire);
}

}  // namespace ripstop::xds
