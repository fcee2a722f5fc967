// Full names of the messages that travel inside an Any, and the extension names that stock Envoy registers them under.
#pragma once

#include <string_view>

namespace ripstop::xds::type_name {

inline constexpr std::string_view kUpstreamTls = "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext";
inline constexpr std::string_view kDownstreamTls = "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext";
inline constexpr std::string_view kRawBuffer = "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer";
inline constexpr std::string_view kUpstreamHttp = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
inline constexpr std::string_view kPreviousHosts =
    "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate";
inline constexpr std::string_view kHttpConnectionManager =
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
inline constexpr std::string_view kTcpProxy = "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy";
inline constexpr std::string_view kRouter = "envoy.extensions.filters.http.router.v3.Router";
inline constexpr std::string_view kFault = "envoy.extensions.filters.http.fault.v3.HTTPFault";
inline constexpr std::string_view kGrpcWeb = "envoy.extensions.filters.http.grpc_web.v3.GrpcWeb";
inline constexpr std::string_view kFileAccessLog = "envoy.extensions.access_loggers.file.v3.FileAccessLog";
inline constexpr std::string_view kStdoutAccessLog = "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog";
inline constexpr std::string_view kOriginalDst = "envoy.extensions.filters.listener.original_dst.v3.OriginalDst";
inline constexpr std::string_view kTlsInspector = "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector";
inline constexpr std::string_view kHttpInspector = "envoy.extensions.filters.listener.http_inspector.v3.HttpInspector";
inline constexpr std::string_view kProxyProtocol = "envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol";

}  // namespace ripstop::xds::type_name

namespace ripstop::xds::extension {

inline constexpr std::string_view kTls = "envoy.transport_sockets.tls";
inline constexpr std::string_view kRawBuffer = "envoy.transport_sockets.raw_buffer";
inline constexpr std::string_view kPreviousHosts = "envoy.retry_host_predicates.previous_hosts";
inline constexpr std::string_view kHttpConnectionManager = "envoy.filters.network.http_connection_manager";
inline constexpr std::string_view kTcpProxy = "envoy.filters.network.tcp_proxy";
inline constexpr std::string_view kRouter = "envoy.filters.http.router";
inline constexpr std::string_view kFault = "envoy.filters.http.fault";
inline constexpr std::string_view kGrpcWeb = "envoy.filters.http.grpc_web";
inline constexpr std::string_view kFileAccessLog = "envoy.access_loggers.file";
inline constexpr std::string_view kOriginalDst = "envoy.filters.listener.original_dst";
inline constexpr std::string_view kTlsInspector = "envoy.filters.listener.tls_inspector";
inline constexpr std::string_view kHttpInspector = "envoy.filters.listener.http_inspector";
inline constexpr std::string_view kProxyProtocol = "envoy.filters.listener.proxy_protocol";

}  // namespace ripstop::xds::extension
