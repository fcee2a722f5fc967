// For tests only: api/openapi.yaml, and whether a reply is as it says.
#pragma once

#include <set>
#include <string>
#include <utility>

#include "net/http/http_client.h"

namespace ripstop::control {

// "GET", "/v1/health"; of the description.
[[nodiscard]] std::set<std::pair<std::string, std::string>> described_calls();

// Empty when the reply to a call is as described: status, content type, every field declared, none missing, each of its
// type. Else what is wrong with it.
[[nodiscard]] std::string deviation(const std::string& method, const std::string& path,
                                    const net::HttpClientResponse& reply);

}  // namespace ripstop::control
