// What a WebSocket server answers to its client's key (RFC 6455 section 4.2.2).
#pragma once

#include <string>
#include <string_view>

namespace ripstop::net {

// The value of Sec-WebSocket-Accept for that of Sec-WebSocket-Key: proof that a server has read the handshake.
[[nodiscard]] std::string websocket_accept(std::string_view key);

}  // namespace ripstop::net
