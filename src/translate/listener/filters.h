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

// Has the listener look at the first bytes. A client that surely opens is waited for as long as any listener waits;
// else silence is taken for a server-first protocol, and the connection goes on as opaque TCP.
void inspect(model::Listener& listener, bool tls, bool http, bool client_opens);

}  // namespace ripstop::translate
