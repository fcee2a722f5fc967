// From an error to what the client is told and the log says: HTTP status, gRPC status, response flag, details. The only
// place that decides this.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/fault.h"
#include "proxy/exchange.h"

namespace ripstop::proxy {

enum class Trouble : uint8_t {
  kRouteNotFound,
  kClusterNotFound,
  kNoHealthyUpstream,
  kOverflow,
  kConnectFailed,
  kConnectTimeout,
  kUpstreamSecurity,     // TLS to the upstream failed
  kUpstreamReset,        // before a response head
  kUpstreamRemoteReset,  // of the stream alone
  kUpstreamTimeout,      // the route's time-out
  kUpstreamPerTryTimeout,
  kUpstreamProtocol,  // a response head that breaks the rules
  kRequestProtocol,   // see the fault
  kRequestHeadTimeout,
  kRequestCut,   // the client went away inside its request
  kRequestBody,  // bad framing inside the request's content
  kStreamIdle,
  kFaultInjected,
  kUpgradeRefused,
  kRewriteFailed,
};

struct Rescue {
  uint16_t status;
  uint8_t grpc_status;
  ResponseFlag flag;
  std::string_view details;  // stable, as in %RESPONSE_CODE_DETAILS%
  std::string_view text;     // response body, for a person
};

[[nodiscard]] Rescue rescue(Trouble trouble);
// The same for a request that the codec refused: status, details and text are the fault's. kNone: by the trouble alone.
[[nodiscard]] Rescue client_fault(Trouble trouble, protocol::Fault fault);

// Fills state.response and queues it: the status with a short text, or for gRPC a response of headers only
// (https://grpc.github.io/grpc: HTTP 200, grpc-status, grpc-message). `status` not 0 replaces the usual one.
void queue_local_reply(Downstream& down, ExchangeState& state, const Rescue& what, std::string_view server_name);

}  // namespace ripstop::proxy
