// What the connection and framing fields of a head say (RFC 9112 sections 6 and 9, RFC 9110 sections 7.6 and 10.1.1).
//
// Every choice the standard leaves is made strictly: a message that two implementations could frame differently is
// refused, never repaired.
#pragma once

#include "protocol/fault.h"
#include "protocol/head.h"

namespace ripstop::protocol {

// Sets framing, keep_alive, expects_continue, accepts_trailers and upgrade from the fields, and drops the fields that
// do not go on: hop-by-hop ones, those that Connection names, Transfer-Encoding, Expect, and a Content-Length that is
// not in canonical form. Method and version are set before.
[[nodiscard]] Fault settle_request(RequestHead& head);

// The same for a response; also sets interim and tunnel. Status and version are set before.
[[nodiscard]] Fault settle_response(ResponseHead& head, const ResponseContext& context);

}  // namespace ripstop::protocol
