// Calls to other services by name, as any program makes them: the C library resolves, a plain connection carries.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/http/http_client.h"
#include "net/stream.h"
#include "runtime/task.h"

namespace ripstop::bookinfo {

// "reviews:9080". Resolved by getaddrinfo; an answer is kept for the life of the process, as many programs do.
[[nodiscard]] Result<SocketAddress> resolve(const std::string& service);

// One request on a connection of its own.
runtime::Task<Result<net::HttpClientResponse>> call(std::string service, std::string target,
                                                    std::vector<std::pair<std::string, std::string>> fields);

}  // namespace ripstop::bookinfo
