// Expected failure: Result<T> is std::expected<T, Error>. Nothing on the data path throws.
//
// An Error says what happened (code), who is to blame (origin), whether the same operation may be tried again
// (retry), and a sentence for a person that says what to check. Messages never hold secrets.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace ripstop {

enum class ErrorCode : uint8_t {
  kInternal,
  kInvalidArgument,  // the caller's input is wrong and will stay wrong
  kParse,            // outside bytes do not follow their grammar
  kTooLarge,         // a budget on a count or a size was exceeded
  kNotFound,
  kAlreadyExists,
  kUnsupported,       // understood, but not honoured here
  kUnauthenticated,   // the peer did not prove who it is
  kPermissionDenied,  // the peer is known and not allowed
  kTimeout,
  kCancelled,
  kUnavailable,  // nobody to talk to: connect refused, no endpoint, draining
  kClosed,       // the peer ended the stream in order
  kReset,        // the peer broke the stream off
  kTls,          // handshake or record failure
  kIo,           // a system call failed
};

// Who caused it. Decides, among others, between a 4xx and a 5xx.
enum class ErrorOrigin : uint8_t { kInternal, kDownstream, kUpstream, kPolicy };

// May the same operation be tried again? kIfReused: only because the connection was a reused one, which the peer may
// have closed before it saw the request (RFC 9110 section 9.2.2).
enum class Retry : uint8_t { kNever, kSafe, kIfReused };

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  ErrorOrigin origin = ErrorOrigin::kInternal;
  Retry retry = Retry::kNever;
  std::string message;
};

template <typename T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

// The usual way to fail: `return fail(ErrorCode::kParse, "chunk size is not hexadecimal");`
[[nodiscard]] std::unexpected<Error> fail(ErrorCode code, std::string message,
                                          ErrorOrigin origin = ErrorOrigin::kInternal, Retry retry = Retry::kNever);

// Fails with errno's text appended to `what`; EPIPE and ECONNRESET become kReset, ECONNREFUSED kUnavailable.
[[nodiscard]] std::unexpected<Error> fail_errno(std::string_view what, int error_number);

// Hands on another result's error.
template <typename T>
[[nodiscard]] std::unexpected<Error> fail_with(Result<T>& result) {
  return std::unexpected(std::move(result.error()));
}

// Stable lower-case name: "invalid_argument".
[[nodiscard]] std::string_view to_string(ErrorCode code);

}  // namespace ripstop
