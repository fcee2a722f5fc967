#include <fmt/format.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include "envoy/config/core/v3/address.pb.h"
#include "envoy/config/core/v3/base.pb.h"
#include "envoy/config/endpoint/v3/endpoint.pb.h"
#include "xds/cluster/endpoint_wire.h"
#include "xds/decode.h"
#include "xds/wire/message.h"
#include "xds/wire/metadata.h"

namespace ripstop::xds {
namespace {

namespace core = envoy::config::core::v3;
namespace endpoint = envoy::config::endpoint::v3;

// Envoy's own bound on priorities: a hole in the sequence is an error there, so a high number is a mistake or an
// attack.
constexpr uint32_t kMaxPriority = 128;

model::Health decode_health(core::HealthStatus wire, const Cursor& at) {
  switch (wire) {
    case core::UNKNOWN:
      return model::Health::kUnknown;
    case core::HEALTHY:
      return model::Health::kHealthy;
    case core::UNHEALTHY:
      return model::Health::kUnhealthy;
    case core::DRAINING:
      return model::Health::kDraining;
    case core::TIMEOUT:
      return model::Health::kTimeout;
    case core::DEGRADED:
      return model::Health::kDegraded;
    default:
      at.unsupported(fmt::format("is {}, which no health status has", static_cast<int>(wire)));
      return model::Health::kUnknown;
  }
}

model::Endpoint decode_endpoint(const endpoint::LbEndpoint& wire, Hostnames hostnames, const Cursor& at) {
  model::Endpoint model;
  at.check_known(wire);
  // Endpoint.hostname is passed over: it serves health checks and automatic host rewriting, which are refused
  // elsewhere.
  const Cursor host = at.field("endpoint");
  host.check_known(wire.endpoint());
  if (hostnames == Hostnames::kAllowed) {
    HostAddress decoded = decode_host_address(wire.endpoint().address(), host.field("address"));
    model.address = decoded.address;
    model.hostname = std::move(decoded.hostname);
  } else {
    model.address = decode_address(wire.endpoint().address(), host.field("address"));
  }
  model.health = decode_health(wire.health_status(), at.field("health_status"));
  if (wire.has_metadata()) decode_endpoint_metadata(wire.metadata(), at.field("metadata"), model);
  if (wire.has_load_balancing_weight()) {
    model.weight = decode_value(wire.load_balancing_weight(), at.field("load_balancing_weight"));
    if (model.weight == 0) at.field("load_balancing_weight").invalid("is 0; the least is 1");
  }
  return model;
}

model::LocalityEndpoints decode_locality(const endpoint::LocalityLbEndpoints& wire, Hostnames hostnames,
                                         const Cursor& at) {
  model::LocalityEndpoints model;
  at.check_known(wire);
  at.field("locality").check_known(wire.locality());
  model.locality = {
      .region = wire.locality().region(), .zone = wire.locality().zone(), .sub_zone = wire.locality().sub_zone()};
  model.priority = wire.priority();
  if (model.priority > kMaxPriority) at.field("priority").invalid(fmt::format("is above {}", kMaxPriority));
  if (wire.has_load_balancing_weight()) {
    model.weight = decode_value(wire.load_balancing_weight(), at.field("load_balancing_weight"));
  }
  model.endpoints.reserve(static_cast<size_t>(wire.lb_endpoints_size()));
  for (int i = 0; i < wire.lb_endpoints_size(); ++i) {
    const Cursor here = at.item("lb_endpoints", static_cast<size_t>(i));
    model.endpoints.push_back(decode_endpoint(wire.lb_endpoints(i), hostnames, here));
  }
  return model;
}

bool is_within_bounds(const endpoint::ClusterLoadAssignment& wire, const Cursor& at) {
  if (!at.check_count("endpoints", static_cast<size_t>(wire.endpoints_size()), kMaxLocalities)) return false;
  size_t count = 0;
  for (const auto& locality : wire.endpoints()) count += static_cast<size_t>(locality.lb_endpoints_size());
  return at.check_count("endpoints[*].lb_endpoints", count, kMaxEndpoints);
}

}  // namespace

model::LoadAssignment decode_assignment(const endpoint::ClusterLoadAssignment& wire, Hostnames hostnames,
                                        const Cursor& at) {
  model::LoadAssignment model;
  at.check_known(wire);
  model.cluster = wire.cluster_name();
  if (model.cluster.empty()) at.field("cluster_name").invalid("is empty");
  if (!is_within_bounds(wire, at)) return model;
  for (int i = 0; i < wire.endpoints_size(); ++i) {
    const Cursor here = at.item("endpoints", static_cast<size_t>(i));
    model.localities.push_back(decode_locality(wire.endpoints(i), hostnames, here));
  }
  const Cursor policy = at.field("policy");
  policy.check_known(wire.policy());
  if (wire.policy().has_overprovisioning_factor()) {
    model.overprovisioning_percent =
        decode_value(wire.policy().overprovisioning_factor(), policy.field("overprovisioning_factor"));
    if (model.overprovisioning_percent == 0) policy.field("overprovisioning_factor").invalid("is 0");
  }
  return model;
}

Result<model::LoadAssignment> decode_load_assignment(std::string_view body) {
  endpoint::ClusterLoadAssignment wire;
  if (Status parsed = parse_body(body, "ClusterLoadAssignment", wire); !parsed) return fail_with(parsed);
  Problems problems;
  model::LoadAssignment assignment =
      decode_assignment(wire, Hostnames::kRefused, Cursor("ClusterLoadAssignment", problems));
  if (!problems.is_empty()) return std::unexpected(problems.to_error());
  return assignment;
}

}  // namespace ripstop::xds
