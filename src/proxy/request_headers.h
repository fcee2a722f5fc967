// What the proxy itself adds to and takes from the fields of a request and a response, by trust: a client outside the
// mesh may not claim what only a proxy may say.
#pragma once

#include "base/random.h"
#include "proxy/exchange.h"

namespace ripstop::proxy {

// Two fields are between proxies alone. x-ripstop-peer tells the next one whose traffic it carries, on the first
// request of a mutual TLS connection; x-ripstop-version, "1.1" or "2", that the client speaks another version of HTTP
// than the hop between them: whatever leads to the application may follow it.

// Before routing: removes what the client may not say, learns the peer's labels, sets x-request-id, x-forwarded-proto
// and x-forwarded-client-cert as the listener is configured.
void enter_request(ConnectionFacts& facts, const model::HttpConnection& http, ExchangeState& state, Random& random);

// The labels as the field's value: percent-encoded key=value pairs; and back. Unknown keys are ignored, the value is
// bounded.
[[nodiscard]] std::string format_peer(const model::PeerLabels& labels);
[[nodiscard]] bool parse_peer(std::string_view value, model::PeerLabels& labels);

// HTTP/2 has no key for a WebSocket's handshake (RFC 8441 section 5.1), HTTP/1 cannot do without one. Gives the request
// one, in place of whatever the client may have sent.
void complete_websocket(protocol::RequestHead& request, Random& random);
// Whether the switch proves that the request's key was read; true for other protocols than WebSocket.
[[nodiscard]] bool answers_key(const protocol::ResponseHead& response, const protocol::RequestHead& request);
// Before the response goes to the client: takes the answer to the key away where the client speaks HTTP/2, and gives it
// where the upstream does.
void settle_websocket(const protocol::RequestHead& request, protocol::ResponseHead& response);

// 36 characters, RFC 9562 version 4.
void append_uuid(std::string& text, Random& random);

}  // namespace ripstop::proxy
