// One HTTP exchange, from a program without an event loop.
#pragma once

#include "base/address.h"
#include "base/result.h"
#include "base/time.h"
#include "net/http/http_client.h"

namespace ripstop::cli {

// Blocks at most `timeout`. Any status is a success. The calling thread must have no reactor.
[[nodiscard]] Result<net::HttpClientResponse> fetch(const SocketAddress& server, net::HttpClientRequest request,
                                                    Duration timeout);

}  // namespace ripstop::cli
