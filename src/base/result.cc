#include "base/result.h"

#include <cerrno>
#include <system_error>

namespace ripstop {

std::unexpected<Error> fail(ErrorCode code, std::string message, ErrorOrigin origin, Retry retry) {
  return std::unexpected(Error{code, origin, retry, std::move(message)});
}

std::unexpected<Error> fail_errno(std::string_view what, int error_number) {
  ErrorCode code = ErrorCode::kIo;
  switch (error_number) {
    case EPIPE:
    case ECONNRESET:
    case ECONNABORTED:
      code = ErrorCode::kReset;
      break;
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH:
      code = ErrorCode::kUnavailable;
      break;
    case ETIMEDOUT:
      code = ErrorCode::kTimeout;
      break;
    case ENOENT:
      code = ErrorCode::kNotFound;
      break;
    case EACCES:
    case EPERM:
      code = ErrorCode::kPermissionDenied;
      break;
    default:
      break;
  }
  std::string message(what);
  message += ": ";
  message += std::generic_category().message(error_number);
  return fail(code, std::move(message));
}

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInternal:
      return "internal";
    case ErrorCode::kInvalidArgument:
      return "invalid_argument";
    case ErrorCode::kParse:
      return "parse";
    case ErrorCode::kTooLarge:
      return "too_large";
    case ErrorCode::kNotFound:
      return "not_found";
    case ErrorCode::kAlreadyExists:
      return "already_exists";
    case ErrorCode::kUnsupported:
      return "unsupported";
    case ErrorCode::kUnauthenticated:
      return "unauthenticated";
    case ErrorCode::kPermissionDenied:
      return "permission_denied";
    case ErrorCode::kTimeout:
      return "timeout";
    case ErrorCode::kCancelled:
      return "cancelled";
    case ErrorCode::kUnavailable:
      return "unavailable";
    case ErrorCode::kClosed:
      return "closed";
    case ErrorCode::kReset:
      return "reset";
    case ErrorCode::kTls:
      return "tls";
    case ErrorCode::kIo:
      return "io";
  }
  return "internal";
}

}  // namespace ripstop
