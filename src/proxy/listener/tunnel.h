// Carries bytes both ways between two streams until both directions have ended: opaque TCP, WebSocket, CONNECT.
#pragma once

#include <string_view>

#include "base/counter.h"
#include "base/time.h"
#include "net/stream.h"
#include "runtime/task.h"

namespace ripstop::proxy {

struct TunnelOptions {
  std::string_view early_from_client;  // already read; sent on first. Valid until the relay has begun to read
  std::string_view early_from_upstream;
  Duration idle_timeout{};  // zero: none
};

struct TunnelResult {
  uint64_t from_client = 0;
  uint64_t from_upstream = 0;
  bool timed_out = false;
  bool client_failed = false;  // reset rather than ended
  bool upstream_failed = false;
};

// An end of one direction is passed on as an end of sending, and the other direction goes on. A failure of either side
// ends both at once. `live` is kept up to date while it runs, for whoever looks on.
runtime::Task<void> relay(net::Stream& client, net::Stream& upstream, TunnelOptions options, TunnelResult& live);

}  // namespace ripstop::proxy
