// Heads and trailers as HTTP/2 carries them (RFC 9113 section 8), and back.
//
// Reading is strict: what the standard calls malformed is a fault, never repaired. A head that is read is canonical in
// the same way as one that came by HTTP/1, so nothing after it has to know the version. A switch of protocols is one
// thing in both: extended CONNECT (RFC 8441) reads as a GET with `upgrade`, a 2xx answer to it as 101, and back.
#pragma once

#include <string_view>

#include "protocol/fault.h"
#include "protocol/fields.h"
#include "protocol/head.h"
#include "protocol/http2/field_block.h"
#include "protocol/limits.h"

namespace ripstop::protocol {

// `has_ended`: no content and no trailers follow. The head is cleared first and refers to `block` afterwards.
// Cookies that came in pieces are one field again (section 8.2.3); Host is gone, having agreed with :authority.
[[nodiscard]] Fault read_request(const FieldBlock& block, bool has_ended, const RequestRules& rules, RequestHead& head);

// The same for a response. A head without content-length has chunked framing: its end shows only when it comes.
[[nodiscard]] Fault read_response(const FieldBlock& block, bool has_ended, const ResponseContext& context,
                                  ResponseHead& head);

// Fields that have no meaning in trailers are left out. kTrailersTooLarge past the limits' number of fields.
[[nodiscard]] Fault read_trailers(const FieldBlock& block, const Limits& limits, Fields& trailers);

// These add to `block`. Fields that belong to an HTTP/1 connection are left out. `scheme` is used where the head has
// none.
void write_request(const RequestHead& head, std::string_view scheme, FieldBlock& block);
void write_response(const ResponseHead& head, FieldBlock& block);
void write_trailers(const Fields& trailers, FieldBlock& block);

}  // namespace ripstop::protocol
