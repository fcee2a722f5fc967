// Shared between the TLS sources of this room only.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ripstop::net {

// The error queue of the TLS library as a sentence. Empties the queue.
[[nodiscard]] std::string tls_error_text(std::string_view what);

// Protocol names as RFC 7301 section 3.1 has them on the wire.
[[nodiscard]] std::vector<unsigned char> to_alpn_wire(const std::vector<std::string>& protocols);

// The client context's callback for a session ticket: hands it to the stream's context under the stream's peer.
int keep_tls_session(ssl_st* ssl, ssl_session_st* session);

// Every context's callback for the chain that a peer shows: judged by the context's TlsPeers.
ssl_verify_result_t verify_tls_peer(ssl_st* ssl, uint8_t* alert);

}  // namespace ripstop::net
