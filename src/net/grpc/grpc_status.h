// How a call ended, and how that relates to our errors. The wire forms are protocol's.
#pragma once

#include <string>

#include "base/result.h"
#include "protocol/grpc_status.h"

namespace ripstop::net {

using GrpcCode = protocol::GrpcStatus;

struct GrpcStatus {
  GrpcCode code = GrpcCode::kOk;
  std::string message;
  [[nodiscard]] bool is_ok() const { return code == GrpcCode::kOk; }
};

// Our error as a status for the peer, and a peer's status as our error ("UNAVAILABLE: no such host").
[[nodiscard]] GrpcStatus to_grpc_status(const Error& error);
[[nodiscard]] Error to_error(const GrpcStatus& status, ErrorOrigin origin);

}  // namespace ripstop::net
