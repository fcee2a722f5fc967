#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/repeated_ptr_field.h>
#include <google/protobuf/wrappers.pb.h>

#include <algorithm>

#include "envoy/config/core/v3/address.pb.h"
#include "envoy/config/core/v3/base.pb.h"
#include "envoy/config/route/v3/route.pb.h"
#include "envoy/config/route/v3/route_components.pb.h"
#include "envoy/extensions/filters/http/fault/v3/fault.pb.h"
#include "xds/route/header_edits.h"
#include "xds/route/route_wire.h"
#include "xds/wire/message.h"
#include "xds/wire/type_names.h"

namespace ripstop::xds {
namespace {

namespace route = envoy::config::route::v3;

void encode_per_million(uint32_t share, envoy::type::v3::FractionalPercent* wire) {
  wire->set_numerator(share);
  wire->set_denominator(envoy::type::v3::FractionalPercent::MILLION);
}

bool is_plain(const std::vector<model::WeightedCluster>& clusters) {
  if (clusters.size() != 1) return false;
  const model::WeightedCluster& only = clusters.front();
  return only.weight == 1 && only.request_headers.is_empty() && only.response_headers.is_empty() &&
         only.host_rewrite.empty();
}

void encode_clusters(const std::vector<model::WeightedCluster>& clusters, route::RouteAction* wire) {
  if (is_plain(clusters)) {
    wire->set_cluster(clusters.front().cluster);
    return;
  }
  for (const model::WeightedCluster& cluster : clusters) {
    auto* weighted = wire->mutable_weighted_clusters()->add_clusters();
    weighted->set_name(cluster.cluster);
    weighted->mutable_weight()->set_value(cluster.weight);
    encode_both_header_edits(cluster.request_headers, cluster.response_headers, weighted);
    if (!cluster.host_rewrite.empty()) weighted->set_host_rewrite_literal(cluster.host_rewrite);
  }
}

route::RedirectAction::RedirectResponseCode to_wire(uint16_t status) {
  switch (status) {
    case 302:
      return route::RedirectAction::FOUND;
    case 303:
      return route::RedirectAction::SEE_OTHER;
    case 307:
      return route::RedirectAction::TEMPORARY_REDIRECT;
    case 308:
      return route::RedirectAction::PERMANENT_REDIRECT;
    default:
      return route::RedirectAction::MOVED_PERMANENTLY;
  }
}

}  // namespace

void encode_forward(const model::Forward& forward, route::RouteAction* wire) {
  encode_clusters(forward.clusters, wire);
  if (forward.prefix_rewrite) wire->set_prefix_rewrite(*forward.prefix_rewrite);
  if (forward.regex_rewrite) {
    wire->mutable_regex_rewrite()->mutable_pattern()->set_regex(forward.regex_rewrite->pattern);
    wire->mutable_regex_rewrite()->set_substitution(forward.regex_rewrite->substitution);
  }
  if (!forward.host_rewrite.empty()) wire->set_host_rewrite_literal(forward.host_rewrite);
  // Left out it would mean fifteen seconds; zero means no limit.
  encode_duration(forward.timeout.value_or(Duration::zero()), wire->mutable_timeout());
  if (forward.idle_timeout) encode_duration(*forward.idle_timeout, wire->mutable_idle_timeout());
  if (forward.grpc_timeout_max) {
    encode_duration(*forward.grpc_timeout_max, wire->mutable_max_stream_duration()->mutable_grpc_timeout_header_max());
  }
  if (forward.retry) encode_retry(*forward.retry, wire->mutable_retry_policy());
  for (const model::Mirror& mirror : forward.mirrors) {
    auto* policy = wire->add_request_mirror_policies();
    policy->set_cluster(mirror.cluster);
    if (mirror.per_million != 1'000'000) {
      encode_per_million(mirror.per_million, policy->mutable_runtime_fraction()->mutable_default_value());
    }
  }
  for (const std::string& upgrade : forward.upgrades) wire->add_upgrade_configs()->set_upgrade_type(upgrade);
}

void encode_redirect(const model::Redirect& redirect, route::RedirectAction* wire) {
  wire->set_response_code(to_wire(redirect.status));
  if (!redirect.scheme.empty()) wire->set_scheme_redirect(redirect.scheme);
  wire->set_host_redirect(redirect.host);
  wire->set_port_redirect(redirect.port.value_or(0));
  if (redirect.path) {
    wire->set_path_redirect(*redirect.path);
  } else if (redirect.prefix_rewrite) {
    wire->set_prefix_rewrite(*redirect.prefix_rewrite);
  }
  wire->set_strip_query(redirect.strip_query);
}

void encode_fault(const model::Fault& fault, google::protobuf::Any* wire) {
  envoy::extensions::filters::http::fault::v3::HTTPFault filter;
  if (fault.delay > Duration::zero()) {
    encode_duration(fault.delay, filter.mutable_delay()->mutable_fixed_delay());
    encode_per_million(fault.delay_per_million, filter.mutable_delay()->mutable_percentage());
  }
  if (fault.abort_status != 0) {
    filter.mutable_abort()->set_http_status(fault.abort_status);
    encode_per_million(fault.abort_per_million, filter.mutable_abort()->mutable_percentage());
  }
  pack(type_name::kFault, filter, wire);
}

}  // namespace ripstop::xds
