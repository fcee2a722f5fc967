// The four services of the sample, each a small HTTP/1.1 server.
//
//   productpage  /productpage asks details and reviews
//   details      /details/ID
//   reviews      /reviews/ID; versions v2 and v3 ask ratings
//   ratings      /ratings/ID
// All pass on the fields that keep a trace together, and end-user. A reviews server answers 503 to every third request
// that asks for it by "x-demo-flaky: VERSION".
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http/http_server.h"

namespace ripstop::bookinfo {

struct ServiceOptions {
  std::string name;  // one of the four
  std::string version = "v1";
  uint16_t port = 9080;
};

// The answer of one service.
[[nodiscard]] net::HttpHandler make_service(const ServiceOptions& options);

// Serves until SIGTERM or SIGINT; the exit status.
int serve(const ServiceOptions& options);

}  // namespace ripstop::bookinfo
