// Listeners, their network filters and access logs on the wire. Internal to xds.
#pragma once

#include "model/listener.h"
#include "xds/wire/cursor.h"
#include "xds/wire/proto_names.h"

namespace ripstop::xds {

inline constexpr size_t kMaxFilterChains = 10'000;

void encode_listener(const model::Listener& model, envoy::config::listener::v3::Listener* wire);
[[nodiscard]] model::Listener decode_listener(const envoy::config::listener::v3::Listener& wire, const Cursor& at);

// HttpConnectionManager, packed.
void encode_http_connection(const model::HttpConnection& http, google::protobuf::Any* any);
[[nodiscard]] model::HttpConnection decode_http_connection(const google::protobuf::Any& any, const Cursor& at);

// TcpProxy, packed.
void encode_tcp_proxy(const model::TcpProxy& tcp, google::protobuf::Any* any);
[[nodiscard]] model::TcpProxy decode_tcp_proxy(const google::protobuf::Any& any, const Cursor& at);

using AccessLogs = google::protobuf::RepeatedPtrField<envoy::config::accesslog::v3::AccessLog>;
void encode_access_logs(const std::vector<model::AccessLog>& logs, AccessLogs* wire);
[[nodiscard]] std::vector<model::AccessLog> decode_access_logs(const AccessLogs& wire, const Cursor& at);

}  // namespace ripstop::xds
