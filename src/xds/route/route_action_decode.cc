#include <fmt/format.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/repeated_ptr_field.h>
#include <google/protobuf/wrappers.pb.h>

#include "base/text.h"
#include "envoy/config/core/v3/address.pb.h"
#include "envoy/config/core/v3/base.pb.h"
#include "envoy/config/route/v3/route.pb.h"
#include "envoy/config/route/v3/route_components.pb.h"
#include "envoy/extensions/filters/http/fault/v3/fault.pb.h"
#include "envoy/type/matcher/v3/string.pb.h"
#include "xds/route/header_edits.h"
#include "xds/route/route_wire.h"
#include "xds/wire/message.h"
#include "xds/wire/string_match.h"
#include "xds/wire/type_names.h"

namespace ripstop::xds {
namespace {

namespace route = envoy::config::route::v3;
using envoy::type::v3::FractionalPercent;

uint32_t decode_per_million(const FractionalPercent& wire, const Cursor& at) {
  at.check_known(wire);
  uint64_t scale = 0;
  switch (wire.denominator()) {
    case FractionalPercent::HUNDRED:
      scale = 10'000;
      break;
    case FractionalPercent::TEN_THOUSAND:
      scale = 100;
      break;
    case FractionalPercent::MILLION:
      scale = 1;
      break;
    default:
      at.field("denominator").invalid("is not a known one");
  }
  // Envoy, too, takes more than all for all.
  return static_cast<uint32_t>(std::min<uint64_t>(wire.numerator() * scale, 1'000'000));
}

model::WeightedCluster decode_weighted(const route::WeightedCluster::ClusterWeight& wire, const Cursor& at) {
  model::WeightedCluster model;
  at.check_known(wire);
  model.cluster = wire.name();
  if (model.cluster.empty()) at.field("name").invalid("is empty");
  model.weight = decode_value(wire.weight(), at.field("weight"));
  decode_both_header_edits(wire, at, model.request_headers, model.response_headers);
  model.host_rewrite = wire.host_rewrite_literal();
  return model;
}

std::vector<model::WeightedCluster> decode_weighted_clusters(const route::WeightedCluster& wire, const Cursor& at) {
  std::vector<model::WeightedCluster> clusters;
  uint64_t sum = 0;
  at.check_known(wire);
  for (int i = 0; i < wire.clusters_size(); ++i) {
    clusters.push_back(decode_weighted(wire.clusters(i), at.item("clusters", static_cast<size_t>(i))));
    sum += clusters.back().weight;
  }
  if (sum == 0 || sum > 0xFFFFFFFFU) at.invalid("has weights whose sum is 0 or too large");
  if (wire.has_total_weight() && decode_value(wire.total_weight(), at.field("total_weight")) != sum) {
    at.field("total_weight").unsupported("is not the sum of the weights");
  }
  return clusters;
}

std::vector<model::WeightedCluster> decode_clusters(const route::RouteAction& wire, const Cursor& at) {
  switch (wire.cluster_specifier_case()) {
    case route::RouteAction::kCluster: {
      if (wire.cluster().empty()) at.field("cluster").invalid("is empty");
      model::WeightedCluster only;
      only.cluster = wire.cluster();
      return {std::move(only)};
    }
    case route::RouteAction::kWeightedClusters:
      return decode_weighted_clusters(wire.weighted_clusters(), at.field("weighted_clusters"));
    case route::RouteAction::CLUSTER_SPECIFIER_NOT_SET:
      break;
  }
  at.invalid("names no cluster (cluster or weighted_clusters)");
  return {};
}

model::Mirror decode_mirror(const route::RouteAction::RequestMirrorPolicy& wire, const Cursor& at) {
  model::Mirror mirror{.cluster = wire.cluster()};
  at.check_known(wire);
  if (mirror.cluster.empty()) at.field("cluster").invalid("is empty");
  if (wire.has_runtime_fraction()) {
    const Cursor fraction = at.field("runtime_fraction");
    fraction.check_known(wire.runtime_fraction());
    mirror.per_million = decode_per_million(wire.runtime_fraction().default_value(), fraction.field("default_value"));
  }
  // Whether the copy is traced concerns spans only, and copies never have one here.
  at.field("trace_sampled").check_known(wire.trace_sampled());
  return mirror;
}

void decode_timeouts(const route::RouteAction& wire, const Cursor& at, model::Forward& forward) {
  forward.timeout =
      wire.has_timeout() ? decode_duration(wire.timeout(), at.field("timeout")) : Duration(std::chrono::seconds(15));
  if (*forward.timeout == Duration::zero()) forward.timeout.reset();
  if (wire.has_idle_timeout()) forward.idle_timeout = decode_duration(wire.idle_timeout(), at.field("idle_timeout"));
  // The older way to say it.
  if (wire.has_max_grpc_timeout()) {
    forward.grpc_timeout_max = decode_duration(wire.max_grpc_timeout(), at.field("max_grpc_timeout"));
  }
  const Cursor stream = at.field("max_stream_duration");
  stream.check_known(wire.max_stream_duration());
  if (wire.max_stream_duration().has_grpc_timeout_header_max()) {
    forward.grpc_timeout_max =
        decode_duration(wire.max_stream_duration().grpc_timeout_header_max(), stream.field("grpc_timeout_header_max"));
  }
  const Cursor most = stream.field("max_stream_duration");
  const auto& duration = wire.max_stream_duration().max_stream_duration();
  if (decode_duration(duration, most) != Duration::zero()) most.unsupported("is set; use the route's timeout");
}

void decode_regex_rewrite(const route::RouteAction& wire, const Cursor& at, model::Forward& forward) {
  if (!wire.has_regex_rewrite()) return;
  at.check_known(wire.regex_rewrite());
  forward.regex_rewrite = model::RegexRewrite{decode_regex(wire.regex_rewrite().pattern(), at.field("pattern")),
                                              wire.regex_rewrite().substitution()};
  if (!wire.prefix_rewrite().empty()) at.invalid("does not go with prefix_rewrite");
}

uint16_t decode_redirect_status(route::RedirectAction::RedirectResponseCode wire, const Cursor& at) {
  switch (wire) {
    case route::RedirectAction::MOVED_PERMANENTLY:
      return 301;
    case route::RedirectAction::FOUND:
      return 302;
    case route::RedirectAction::SEE_OTHER:
      return 303;
    case route::RedirectAction::TEMPORARY_REDIRECT:
      return 307;
    case route::RedirectAction::PERMANENT_REDIRECT:
      return 308;
    default:
      at.invalid("is not a known one");
      return 301;
  }
}

}  // namespace

model::Forward decode_forward(const route::RouteAction& wire, const Cursor& at) {
  model::Forward forward;
  at.check_known(wire);
  forward.clusters = decode_clusters(wire, at);
  if (!wire.prefix_rewrite().empty()) forward.prefix_rewrite = wire.prefix_rewrite();
  decode_regex_rewrite(wire, at.field("regex_rewrite"), forward);
  forward.host_rewrite = wire.host_rewrite_literal();
  decode_timeouts(wire, at, forward);
  if (wire.has_retry_policy()) forward.retry = decode_retry(wire.retry_policy(), at.field("retry_policy"));
  for (int i = 0; i < wire.request_mirror_policies_size(); ++i) {
    const Cursor here = at.item("request_mirror_policies", static_cast<size_t>(i));
    forward.mirrors.push_back(decode_mirror(wire.request_mirror_policies(i), here));
  }
  for (int i = 0; i < wire.upgrade_configs_size(); ++i) {
    const auto& upgrade = wire.upgrade_configs(i);
    const Cursor here = at.item("upgrade_configs", static_cast<size_t>(i));
    here.check_known(upgrade);
    if (upgrade.has_enabled() && !decode_value(upgrade.enabled(), here.field("enabled"))) {
      here.field("enabled").unsupported("is false; an upgrade cannot be switched off for one route");
    }
    forward.upgrades.push_back(to_lower(upgrade.upgrade_type()));
  }
  return forward;
}

model::Redirect decode_redirect(const route::RedirectAction& wire, const Cursor& at) {
  model::Redirect redirect;
  at.check_known(wire);
  redirect.status = decode_redirect_status(wire.response_code(), at.field("response_code"));
  redirect.scheme = wire.https_redirect() ? "https" : wire.scheme_redirect();
  redirect.host = wire.host_redirect();
  if (wire.port_redirect() > 65535) {
    at.field("port_redirect").invalid("is not a port number");
  } else if (wire.port_redirect() != 0) {
    redirect.port = static_cast<uint16_t>(wire.port_redirect());
  }
  if (wire.path_rewrite_specifier_case() == route::RedirectAction::kPathRedirect) {
    redirect.path = wire.path_redirect();
  } else if (wire.path_rewrite_specifier_case() == route::RedirectAction::kPrefixRewrite) {
    redirect.prefix_rewrite = wire.prefix_rewrite();
  }
  redirect.strip_query = wire.strip_query();
  return redirect;
}

model::Fault decode_fault(const google::protobuf::Any& wire, const Cursor& at) {
  model::Fault fault;
  envoy::extensions::filters::http::fault::v3::HTTPFault filter;
  if (!unpack(wire, filter, at)) return fault;
  at.check_known(filter);
  if (filter.has_delay()) {
    const Cursor delay = at.field("delay");
    delay.check_known(filter.delay());
    fault.delay = decode_duration(filter.delay().fixed_delay(), delay.field("fixed_delay"));
    if (fault.delay == Duration::zero()) delay.field("fixed_delay").invalid("is missing or 0");
    fault.delay_per_million = decode_per_million(filter.delay().percentage(), delay.field("percentage"));
  }
  if (filter.has_abort()) {
    const Cursor abort = at.field("abort");
    abort.check_known(filter.abort());
    const uint32_t status = filter.abort().http_status();
    if (status < 200 || status > 599) abort.field("http_status").invalid("is not from 200 to 599");
    fault.abort_status = static_cast<uint16_t>(status);
    fault.abort_per_million = decode_per_million(filter.abort().percentage(), abort.field("percentage"));
  }
  return fault;
}

}  // namespace ripstop::xds
