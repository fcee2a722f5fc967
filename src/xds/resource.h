// One xDS resource, encoded: what translate produces, push compares and streams, and the proxy decodes.
#pragma once

#include <string>
#include <string_view>

namespace ripstop::xds {

struct Resource {
  std::string type_url;  // one of `type` below
  std::string name;
  std::string body;     // the serialized message, without the Any around it
  std::string version;  // content_version(body): equal content, equal version
  bool operator==(const Resource&) const = default;
};

namespace type {
inline constexpr std::string_view kListener = "type.googleapis.com/envoy.config.listener.v3.Listener";
inline constexpr std::string_view kRouteTable = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";
inline constexpr std::string_view kCluster = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
inline constexpr std::string_view kLoadAssignment =
    "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";
inline constexpr std::string_view kSecret = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";
inline constexpr std::string_view kNameTable = "type.googleapis.com/istio.networking.nds.v1.NameTable";
}  // namespace type

}  // namespace ripstop::xds
