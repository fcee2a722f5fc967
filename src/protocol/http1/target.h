// What a request asks for: target form, authority and path (RFC 9112 section 3.2, RFC 9110 section 7.2).
#pragma once

#include "protocol/fault.h"
#include "protocol/head.h"
#include "protocol/limits.h"

namespace ripstop::protocol {

// Sets form, scheme, authority, path and query from method, target and Host. There must be exactly one Host, not empty,
// and it must agree with the authority of an absolute target or of CONNECT.
[[nodiscard]] Fault settle_target(RequestHead& head, const PathRules& rules);

// Splits "/path?query" and makes the path canonical. Used for HTTP/2's :path as well.
[[nodiscard]] Fault settle_path(std::string_view path_and_query, const PathRules& rules, RequestHead& head);

}  // namespace ripstop::protocol
