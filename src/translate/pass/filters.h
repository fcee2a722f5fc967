// Pieces that outbound and inbound listeners share.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "model/listener.h"
#include "model/snapshot.h"

namespace ripstop::translate {

// How long a connection may stay silent before it is taken for a server-first protocol.
inline constexpr Duration kServerFirstWait = std::chrono::milliseconds(200);

[[nodiscard]] std::vector<model::AccessLog> access_logs(const model::MeshSettings& settings);

[[nodiscard]] model::TcpProxy tcp_proxy(std::string cluster, const std::vector<model::AccessLog>& logs);

// What both directions have in common: no stream idle time-out, WebSocket allowed, paths normalized.
[[nodiscard]] model::HttpConnection http_connection(std::string stat_prefix, const std::vector<model::AccessLog>& logs);

// "http/1.1" and "h2c": what the inspector reports for HTTP without TLS.
[[nodiscard]] std::vector<std::string> inspected_http();

// Has the listener look at the first bytes, and go on as opaque TCP when the client stays silent.
void inspect(model::Listener& listener, bool tls, bool http);

}  // namespace ripstop::translate
