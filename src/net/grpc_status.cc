#include "net/grpc_status.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace ripstop::net {
namespace {

constexpr std::array<std::string_view, 17> kNames = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

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

constexpr std::string_view kUnits = "numSMH";
constexpr std::array<int64_t, 6> kUnitNanoseconds = {
    1, 1'000, 1'000'000, 1'000'000'000, 60'000'000'000, 3'600'000'000'000};
constexpr int64_t kLargestTimeout = 99'999'999;

}  // namespace

std::string_view to_string(GrpcCode code) {
  return kNames[std::min<size_t>(static_cast<size_t>(code), kNames.size() - 1)];
}

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

GrpcCode grpc_code_of_http_status(int status) {
  switch (status) {
    case 400:
      return GrpcCode::kInternal;
    case 401:
      return GrpcCode::kUnauthenticated;
    case 403:
      return GrpcCode::kPermissionDenied;
    case 404:
      return GrpcCode::kUnimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return GrpcCode::kUnavailable;
    default:
      return GrpcCode::kUnknown;
  }
}

GrpcCode parse_grpc_code(std::string_view text) {
  const auto number = parse_number<unsigned>(text);
  return number && *number < kNames.size() ? static_cast<GrpcCode>(*number) : GrpcCode::kUnknown;
}

std::string encode_grpc_message(std::string_view message) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string field;
  field.reserve(message.size());
  for (const char c : message) {
    if (c >= 0x20 && c <= 0x7e && c != '%') {
      field.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    field.push_back('%');
    field.push_back(kDigits[byte >> 4]);
    field.push_back(kDigits[byte & 15]);
  }
  return field;
}

std::string decode_grpc_message(std::string_view field) {
  std::string message;
  message.reserve(field.size());
  for (size_t i = 0; i < field.size(); ++i) {
    const auto byte = field[i] == '%' ? parse_number<uint8_t>(field.substr(i + 1, 2), 16) : std::nullopt;
    if (byte && i + 2 < field.size()) {
      message.push_back(static_cast<char>(*byte));
      i += 2;
    } else {
      message.push_back(field[i]);
    }
  }
  return message;
}

std::optional<Duration> parse_grpc_timeout(std::string_view field) {
  if (field.size() < 2 || field.size() > 9) return std::nullopt;
  const size_t unit = kUnits.find(field.back());
  const auto count = parse_number<uint32_t>(field.substr(0, field.size() - 1));
  if (unit == std::string_view::npos || !count) return std::nullopt;
  // Sixteen digits of nanoseconds at most for hours: 99,999,999 h overflow 64 bits, so they are cut to what fits.
  const int64_t scale = kUnitNanoseconds[unit];
  const int64_t most = std::chrono::nanoseconds::max().count() / scale;
  return std::chrono::nanoseconds(std::min<int64_t>(*count, most) * scale);
}

std::string encode_grpc_timeout(Duration timeout) {
  const int64_t nanoseconds = std::max<int64_t>(1, std::chrono::nanoseconds(timeout).count());
  for (size_t unit = 0; unit < kUnitNanoseconds.size(); ++unit) {
    const int64_t scale = kUnitNanoseconds[unit];
    const int64_t count = nanoseconds / scale + (nanoseconds % scale != 0 ? 1 : 0);
    if (count <= kLargestTimeout) return std::to_string(count) + kUnits[unit];
  }
  return std::to_string(kLargestTimeout) + "H";
}

}  // namespace ripstop::net
