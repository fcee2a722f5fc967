#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/repeated_ptr_field.h>
#include <google/protobuf/wrappers.pb.h>

#include "envoy/config/accesslog/v3/accesslog.pb.h"
#include "envoy/config/core/v3/address.pb.h"
#include "envoy/config/listener/v3/listener.pb.h"
#include "envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.pb.h"
#include "xds/listener/listener_wire.h"
#include "xds/wire/message.h"
#include "xds/wire/type_names.h"

namespace ripstop::xds {
namespace {

using Wire = envoy::extensions::filters::network::tcp_proxy::v3::TcpProxy;

std::vector<model::WeightedCluster> decode_clusters(const Wire& wire, const Cursor& at) {
  std::vector<model::WeightedCluster> clusters;
  if (wire.has_cluster()) clusters.emplace_back().cluster = wire.cluster();
  const Cursor weighted = at.field("weighted_clusters");
  weighted.check_known(wire.weighted_clusters());
  for (int i = 0; i < wire.weighted_clusters().clusters_size(); ++i) {
    const auto& one = wire.weighted_clusters().clusters(i);
    const Cursor here = weighted.item("clusters", static_cast<size_t>(i));
    here.check_known(one);
    if (one.name().empty()) here.field("name").invalid("is empty");
    if (one.weight() == 0) here.field("weight").invalid("is 0; the least is 1");
    model::WeightedCluster& cluster = clusters.emplace_back();
    cluster.cluster = one.name();
    cluster.weight = one.weight();
  }
  if (clusters.empty() || clusters.front().cluster.empty())
    at.invalid("names no cluster (cluster or weighted_clusters)");
  return clusters;
}

}  // namespace

void encode_tcp_proxy(const model::TcpProxy& tcp, google::protobuf::Any* any) {
  Wire wire;
  wire.set_stat_prefix(tcp.stat_prefix.empty() ? "tcp" : tcp.stat_prefix);
  if (tcp.clusters.size() == 1 && tcp.clusters.front().weight == 1) {
    wire.set_cluster(tcp.clusters.front().cluster);
  } else {
    for (const model::WeightedCluster& cluster : tcp.clusters) {
      auto* weighted = wire.mutable_weighted_clusters()->add_clusters();
      weighted->set_name(cluster.cluster);
      weighted->set_weight(cluster.weight);
    }
  }
  encode_duration(tcp.idle_timeout.value_or(Duration::zero()), wire.mutable_idle_timeout());
  encode_access_logs(tcp.access_logs, wire.mutable_access_log());
  pack(type_name::kTcpProxy, wire, any);
}

model::TcpProxy decode_tcp_proxy(const google::protobuf::Any& any, const Cursor& at) {
  model::TcpProxy tcp;
  Wire wire;
  if (!unpack(any, wire, at)) return tcp;
  at.check_known(wire);
  tcp.stat_prefix = wire.stat_prefix();
  tcp.clusters = decode_clusters(wire, at);
  if (wire.has_idle_timeout()) {
    tcp.idle_timeout = decode_duration(wire.idle_timeout(), at.field("idle_timeout"));
    if (*tcp.idle_timeout == Duration::zero()) tcp.idle_timeout.reset();
  }
  tcp.access_logs = decode_access_logs(wire.access_log(), at);
  return tcp;
}

}  // namespace ripstop::xds
