#include "protocol/grpc_status.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "protocol/bytes/byte_class.h"

namespace ripstop::protocol {
namespace {

using std::chrono::nanoseconds;

constexpr std::array<std::string_view, 17> kNames = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

struct Unit {
  char letter;
  int64_t nanoseconds;
};

constexpr std::array<Unit, 6> kUnits = {
    {{'n', 1}, {'u', 1'000}, {'m', 1'000'000}, {'S', 1'000'000'000}, {'M', 60'000'000'000}, {'H', 3'600'000'000'000}}};
constexpr size_t kMaxDigits = 8;
constexpr int64_t kMaxAmount = 99'999'999;

char upper_underscore(char c) {
  if (c == '-') return '_';
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

}  // namespace

std::string_view to_string(GrpcStatus status) {
  return kNames[static_cast<size_t>(status)];
}

std::optional<GrpcStatus> parse_grpc_status(std::string_view text) {
  if (text.size() > 1 && text[0] == '0') return std::nullopt;
  const auto code = parse_number<uint8_t>(text);
  if (!code || *code >= kNames.size()) return std::nullopt;
  return static_cast<GrpcStatus>(*code);
}

std::optional<GrpcStatus> grpc_status_from_name(std::string_view name) {
  const auto* found = std::ranges::find_if(
      kNames, [&](std::string_view candidate) { return std::ranges::equal(name, candidate, {}, upper_underscore); });
  if (found == kNames.end()) return std::nullopt;
  return static_cast<GrpcStatus>(found - kNames.begin());
}

GrpcStatus grpc_status_of_http(uint16_t http_status) {
  switch (http_status) {
    case 400:
      return GrpcStatus::kInternal;
    case 401:
      return GrpcStatus::kUnauthenticated;
    case 403:
      return GrpcStatus::kPermissionDenied;
    case 404:
      return GrpcStatus::kUnimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return GrpcStatus::kUnavailable;
    default:
      return GrpcStatus::kUnknown;
  }
}

uint16_t http_status_of_grpc(GrpcStatus status) {
  static constexpr std::array<uint16_t, kNames.size()> kStatuses = {200, 499, 500, 400, 504, 404, 409, 403, 429,
                                                                    400, 409, 400, 501, 500, 503, 500, 401};
  return kStatuses[static_cast<size_t>(status)];
}

std::string encode_grpc_message(std::string_view message) {
  static constexpr std::string_view kHexDigits = "0123456789ABCDEF";
  std::string text;
  text.reserve(message.size());
  for (const char c : message) {
    if (c >= ' ' && c <= '~' && c != '%') {
      text += c;
      continue;
    }
    const auto byte = static_cast<uint8_t>(c);
    text += '%';
    text += kHexDigits[byte >> 4];
    text += kHexDigits[byte & 15];
  }
  return text;
}

std::string decode_grpc_message(std::string_view text) {
  std::string message;
  message.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
    if (low < 0) {
      message += text[i];
      continue;
    }
    message += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return message;
}

std::optional<nanoseconds> parse_grpc_timeout(std::string_view text) {
  if (text.size() < 2 || text.size() > kMaxDigits + 1) return std::nullopt;
  const auto* unit = std::ranges::find(kUnits, text.back(), &Unit::letter);
  const auto amount = parse_number<uint32_t>(text.substr(0, text.size() - 1));
  if (unit == kUnits.end() || !amount) return std::nullopt;
  if (*amount > INT64_MAX / unit->nanoseconds) return nanoseconds::max();
  return nanoseconds(static_cast<int64_t>(*amount) * unit->nanoseconds);
}

std::string format_grpc_timeout(nanoseconds timeout) {
  const int64_t count = std::max<int64_t>(timeout.count(), 1);
  for (const Unit& unit : kUnits) {
    const int64_t amount = count / unit.nanoseconds + (count % unit.nanoseconds != 0 ? 1 : 0);
    if (amount <= kMaxAmount) return std::to_string(amount) + unit.letter;
  }
  return std::to_string(kMaxAmount) + kUnits.back().letter;
}

}  // namespace ripstop::protocol
