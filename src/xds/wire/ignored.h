// What decoding deliberately passes over, and why each case cannot change what happens to a request. Everything else
// that the model cannot say is refused. docs and tests read the same tables.
#pragma once

#include <array>
#include <string_view>

namespace ripstop::xds {

struct IgnoredExtension {
  std::string_view name;  // as Istio registers it; decides when the configuration is wrapped in a TypedStruct
  std::string_view type;  // full name of the configuration's message
  std::string_view reason;
};

inline constexpr std::array<IgnoredExtension, 5> kIgnoredHttpFilters = {{
    {"istio.stats", "stats.PluginConfig", "the proxy counts the same metrics itself"},
    {"envoy.filters.http.grpc_stats", "envoy.extensions.filters.http.grpc_stats.v3.FilterConfig", "only counts"},
    {"istio.metadata_exchange", "io.istio.http.peer_metadata.Config",
     "only labels metrics; peers are labelled from their certificate and endpoint metadata"},
    {"istio.alpn", "istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig",
     "repeats for Envoy's pools what the cluster's ALPN list already says"},
    {"envoy.filters.http.cors", "envoy.extensions.filters.http.cors.v3.Cors",
     "does nothing without a policy on a route, and such a policy is refused"},
}};

[[nodiscard]] constexpr bool is_ignored_http_filter(std::string_view name, std::string_view type) {
  const bool is_wrapped = type == "udpa.type.v1.TypedStruct" || type == "xds.type.v3.TypedStruct";
  for (const IgnoredExtension& one : kIgnoredHttpFilters) {
    if (one.type == type || (is_wrapped && one.name == name)) return true;
  }
  return false;
}

struct IgnoredField {
  std::string_view message;
  std::string_view field;
  std::string_view reason;
};

inline constexpr std::array<IgnoredField, 25> kIgnoredFields = {{
    {"envoy.config.cluster.v3.Cluster", "alt_stat_name", "names a metric"},
    {"envoy.config.cluster.v3.Cluster", "per_connection_buffer_limit_bytes", "buffers have bounds of their own"},
    {"envoy.config.cluster.v3.Cluster", "cleanup_interval", "idle original-destination hosts keep no state"},
    {"envoy.config.cluster.v3.Cluster", "respect_dns_ttl", "only the pace of look-ups"},
    {"envoy.config.cluster.v3.Cluster", "dns_lookup_family", "both families are asked for and the reachable one used"},
    {"envoy.config.cluster.v3.CircuitBreakers.Thresholds", "track_remaining", "a metric"},
    {"envoy.config.core.v3.ConfigSource", "initial_fetch_timeout", "warming has a time-out of its own"},
    {"envoy.config.core.v3.HealthCheck", "reuse_connection", "each check has a connection of its own"},
    {"envoy.config.core.v3.HealthCheck", "no_traffic_interval", "hosts are checked at one pace, traffic or not"},
    {"envoy.config.core.v3.HealthCheck", "no_traffic_healthy_interval", "as no_traffic_interval"},
    {"envoy.config.core.v3.Http2ProtocolOptions", "max_concurrent_streams", "upstream: the peer's SETTINGS decide"},
    {"envoy.config.endpoint.v3.Endpoint", "hostname", "serves host rewriting, which is refused"},
    {"envoy.config.listener.v3.Listener", "stat_prefix", "names a metric"},
    {"envoy.config.listener.v3.Listener", "per_connection_buffer_limit_bytes", "buffers have bounds of their own"},
    {"envoy.config.listener.v3.Listener", "enable_reuse_port", "how workers share a port is the proxy's affair"},
    {"envoy.config.listener.v3.FilterChain", "metadata", "read by nobody"},
    {"envoy.config.route.v3.RouteConfiguration", "metadata", "read by nobody"},
    {"envoy.config.route.v3.VirtualHost", "metadata", "read by nobody"},
    {"envoy.config.route.v3.Route", "stat_prefix", "names a metric"},
    {"envoy.config.route.v3.RouteAction.RequestMirrorPolicy", "trace_sampled", "spans of copies are not reported"},
    {"envoy.config.route.v3.Decorator", "propagate", "concerns span names only"},
    {"envoy.extensions.filters.http.router.v3.Router", "dynamic_stats", "metrics"},
    {"envoy.extensions.filters.http.router.v3.Router", "start_child_span", "spans"},
    {"envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector", "initial_read_buffer_size", "a buffer's size"},
    {"envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", "max_session_keys", "a cache's size"},
}};

}  // namespace ripstop::xds
