#include "net/grpc/grpc_status.h"

#include <algorithm>
#include <array>
#include <utility>

namespace ripstop::net {
namespace {

struct Pair {
  ErrorCode ours;
  GrpcCode theirs;
};
// The first match counts in either direction.
constexpr std::array kPairs = {
    Pair{ErrorCode::kInternal, GrpcCode::kInternal},
    Pair{ErrorCode::kInvalidArgument, GrpcCode::kInvalidArgument},
    Pair{ErrorCode::kTooLarge, GrpcCode::kResourceExhausted},
    Pair{ErrorCode::kNotFound, GrpcCode::kNotFound},
    Pair{ErrorCode::kAlreadyExists, GrpcCode::kAlreadyExists},
    Pair{ErrorCode::kUnsupported, GrpcCode::kUnimplemented},
    Pair{ErrorCode::kUnauthenticated, GrpcCode::kUnauthenticated},
    Pair{ErrorCode::kPermissionDenied, GrpcCode::kPermissionDenied},
    Pair{ErrorCode::kTimeout, GrpcCode::kDeadlineExceeded},
    Pair{ErrorCode::kCancelled, GrpcCode::kCancelled},
    Pair{ErrorCode::kUnavailable, GrpcCode::kUnavailable},
    Pair{ErrorCode::kClosed, GrpcCode::kUnavailable},
    Pair{ErrorCode::kReset, GrpcCode::kUnavailable},
    Pair{ErrorCode::kTls, GrpcCode::kUnavailable},
    Pair{ErrorCode::kIo, GrpcCode::kUnavailable},
    Pair{ErrorCode::kParse, GrpcCode::kInternal},
    Pair{ErrorCode::kInvalidArgument, GrpcCode::kFailedPrecondition},
    Pair{ErrorCode::kInvalidArgument, GrpcCode::kOutOfRange},
    Pair{ErrorCode::kUnavailable, GrpcCode::kAborted},
};

}  // namespace

GrpcStatus to_grpc_status(const Error& error) {
  const auto* const pair = std::ranges::find(kPairs, error.code, &Pair::ours);
  return {pair == kPairs.end() ? GrpcCode::kUnknown : pair->theirs, error.message};
}

Error to_error(const GrpcStatus& status, ErrorOrigin origin) {
  const auto* const pair = std::ranges::find(kPairs, status.code, &Pair::theirs);
  std::string message(to_string(status.code));
  if (!status.message.empty()) message.append(": ").append(status.message);
  return {pair == kPairs.end() ? ErrorCode::kInternal : pair->ours, origin, Retry::kNever, std::move(message)};
}

}  // namespace ripstop::net
