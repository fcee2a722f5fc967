// gRPC's status codes and how they relate to ours, to HTTP's and to the wire.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace ripstop::net {

enum class GrpcCode : uint8_t {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

struct GrpcStatus {
  GrpcCode code = GrpcCode::kOk;
  std::string message;
  [[nodiscard]] bool is_ok() const { return code == GrpcCode::kOk; }
};

// "DEADLINE_EXCEEDED".
[[nodiscard]] std::string_view to_string(GrpcCode code);

// Our error as a status for the peer, and a peer's status as our error ("UNAVAILABLE: no such host").
[[nodiscard]] GrpcStatus to_grpc_status(const Error& error);
[[nodiscard]] Error to_error(const GrpcStatus& status, ErrorOrigin origin);

// What a response without a grpc-status means (gRPC's http-grpc-status-mapping).
[[nodiscard]] GrpcCode grpc_code_of_http_status(int status);

// The grpc-status field; anything unknown is kUnknown.
[[nodiscard]] GrpcCode parse_grpc_code(std::string_view text);

// The grpc-message field: percent-encoded UTF-8. Decoding leaves what is not an escape as it is.
[[nodiscard]] std::string encode_grpc_message(std::string_view message);
[[nodiscard]] std::string decode_grpc_message(std::string_view field);

// The grpc-timeout field: at most eight digits and a unit ("100m"). nullopt when it is anything else.
[[nodiscard]] std::optional<Duration> parse_grpc_timeout(std::string_view field);
// Rounded up where the field's precision does not reach.
[[nodiscard]] std::string encode_grpc_timeout(Duration timeout);

}  // namespace ripstop::net
