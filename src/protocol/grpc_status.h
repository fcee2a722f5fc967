// gRPC's status codes and the header values that go with them (gRPC over HTTP/2 protocol description, gRFC and
// statuscodes.md).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ripstop::protocol {

enum class GrpcStatus : uint8_t {
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

// "DEADLINE_EXCEEDED".
[[nodiscard]] std::string_view to_string(GrpcStatus status);
// Value of a grpc-status field: decimal digits without leading zero, 0 to 16.
[[nodiscard]] std::optional<GrpcStatus> parse_grpc_status(std::string_view text);
// By name without regard to case, '-' as '_' ("deadline-exceeded", as in retry conditions).
[[nodiscard]] std::optional<GrpcStatus> grpc_status_from_name(std::string_view name);
// What a client makes of an HTTP status without grpc-status (http-grpc-status-mapping.md).
[[nodiscard]] GrpcStatus grpc_status_of_http(uint16_t http_status);
// The HTTP status that stands for a gRPC one (google.rpc.Code), for what judges servers by HTTP statuses.
[[nodiscard]] uint16_t http_status_of_grpc(GrpcStatus status);

// grpc-message: printable ASCII but '%' as it is, all other bytes as %XX.
[[nodiscard]] std::string encode_grpc_message(std::string_view message);
// Malformed escapes are kept as they are, because the message is for people and must not be lost.
[[nodiscard]] std::string decode_grpc_message(std::string_view text);

// grpc-timeout: at most eight digits and a unit (H, M, S, m, u, n). What does not fit in nanoseconds is the longest
// that does; nullopt for anything malformed.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_grpc_timeout(std::string_view text);
// In the finest unit that needs no more than eight digits, rounded up; at least "1n", since zero would mean at once.
[[nodiscard]] std::string format_grpc_timeout(std::chrono::nanoseconds timeout);

}  // namespace ripstop::protocol
