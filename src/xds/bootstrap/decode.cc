#include <fmt/format.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/repeated_ptr_field.h>
#include <google/protobuf/wrappers.pb.h>

#include <algorithm>

#include "envoy/config/accesslog/v3/accesslog.pb.h"
#include "envoy/config/bootstrap/v3/bootstrap.pb.h"
#include "envoy/config/cluster/v3/cluster.pb.h"
#include "envoy/config/core/v3/address.pb.h"
#include "envoy/config/core/v3/base.pb.h"
#include "envoy/config/core/v3/config_source.pb.h"
#include "envoy/config/listener/v3/listener.pb.h"
#include "envoy/extensions/transport_sockets/tls/v3/secret.pb.h"
#include "envoy/extensions/transport_sockets/tls/v3/tls.pb.h"
#include "xds/bootstrap.h"
#include "xds/cluster/cluster_wire.h"
#include "xds/cluster/tls_wire.h"
#include "xds/listener/listener_wire.h"
#include "xds/wire/config_source.h"
#include "xds/wire/message.h"

namespace ripstop::xds {
namespace {

namespace config = envoy::config;
using Wire = config::bootstrap::v3::Bootstrap;

Bootstrap::Node decode_node(const config::core::v3::Node& wire) {
  return {.id = wire.id(),
          .cluster = wire.cluster(),
          .locality = {.region = wire.locality().region(),
                       .zone = wire.locality().zone(),
                       .sub_zone = wire.locality().sub_zone()},
          .message = to_bytes(wire)};
}

bool has_cluster(const Bootstrap& bootstrap, std::string_view name) {
  return std::ranges::find(bootstrap.clusters, name, &model::Cluster::name) != bootstrap.clusters.end();
}

Bootstrap::Ads decode_ads(const config::core::v3::ApiConfigSource& wire, const Cursor& at) {
  using Api = config::core::v3::ApiConfigSource;
  Bootstrap::Ads ads;
  at.check_known(wire);
  ads.is_delta = wire.api_type() == Api::DELTA_GRPC;
  if (!ads.is_delta && wire.api_type() != Api::GRPC) at.field("api_type").unsupported("must be DELTA_GRPC or GRPC");
  if (wire.transport_api_version() != config::core::v3::V3) at.field("transport_api_version").unsupported("must be V3");
  if (wire.grpc_services_size() != 1) {
    at.field("grpc_services").unsupported("must have one item");
    return ads;
  }
  const auto& service = wire.grpc_services(0);
  const Cursor here = at.item("grpc_services", 0);
  here.check_known(service);
  here.field("envoy_grpc").check_known(service.envoy_grpc());
  ads.cluster = service.envoy_grpc().cluster_name();
  return ads;
}

void decode_dynamic(const Wire::DynamicResources& wire, const Cursor& at, Bootstrap& bootstrap) {
  at.check_known(wire);
  if (wire.has_lds_config()) decode_ads_source(wire.lds_config(), at.field("lds_config"));
  if (wire.has_cds_config()) decode_ads_source(wire.cds_config(), at.field("cds_config"));
  const Cursor here = at.field("ads_config");
  if (!wire.has_ads_config()) {
    if (wire.has_lds_config() || wire.has_cds_config()) here.invalid("is missing");
    return;
  }
  bootstrap.ads = decode_ads(wire.ads_config(), here);
  bootstrap.ads->listeners = wire.has_lds_config();
  bootstrap.ads->clusters = wire.has_cds_config();
  if (!has_cluster(bootstrap, bootstrap.ads->cluster)) {
    here.invalid(fmt::format("names the cluster \"{}\", which is not in static_resources", bootstrap.ads->cluster));
  }
  if (bootstrap.node.id.empty()) here.invalid("needs a node with an id");
}

void decode_static(const Wire::StaticResources& wire, const Cursor& at, Bootstrap& bootstrap) {
  at.check_known(wire);
  for (int i = 0; i < wire.listeners_size(); ++i) {
    bootstrap.listeners.push_back(decode_listener(wire.listeners(i), at.item("listeners", static_cast<size_t>(i))));
  }
  for (int i = 0; i < wire.clusters_size(); ++i) {
    bootstrap.clusters.push_back(decode_cluster(wire.clusters(i), at.item("clusters", static_cast<size_t>(i))));
  }
  for (int i = 0; i < wire.secrets_size(); ++i) {
    bootstrap.secrets.push_back(decode_secret(wire.secrets(i), at.item("secrets", static_cast<size_t>(i))));
  }
}

template <typename Item>
void check_names_differ(const std::vector<Item>& items, std::string_view kind, const Cursor& at) {
  std::vector<std::string_view> names;
  for (const Item& item : items) {
    if (!item.name.empty()) names.push_back(item.name);
  }
  std::ranges::sort(names);
  const auto twice = std::ranges::adjacent_find(names);
  if (twice != names.end()) at.field(kind).invalid(fmt::format("has \"{}\" more than once", *twice));
}

}  // namespace

Result<Bootstrap> decode_bootstrap(std::string_view binary) {
  Wire wire;
  if (Status parsed = parse_body(binary, "Bootstrap", wire); !parsed) return fail_with(parsed);
  Problems problems;
  const Cursor at("Bootstrap", problems);
  Bootstrap bootstrap;
  at.check_known(wire);
  bootstrap.node = decode_node(wire.node());
  const Cursor resources = at.field("static_resources");
  decode_static(wire.static_resources(), resources, bootstrap);
  check_names_differ(bootstrap.listeners, "listeners", resources);
  check_names_differ(bootstrap.clusters, "clusters", resources);
  check_names_differ(bootstrap.secrets, "secrets", resources);
  decode_dynamic(wire.dynamic_resources(), at.field("dynamic_resources"), bootstrap);
  const Cursor admin = at.field("admin");
  admin.check_known(wire.admin());
  if (wire.admin().has_address()) bootstrap.admin = decode_address(wire.admin().address(), admin.field("address"));
  if (!problems.is_empty()) return std::unexpected(problems.to_error());
  return bootstrap;
}

}  // namespace ripstop::xds
