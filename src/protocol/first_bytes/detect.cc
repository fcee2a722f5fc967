#include "protocol/first_bytes/detect.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "protocol/bytes/byte_class.h"

namespace ripstop::protocol {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::string_view kHttpName = "http/";
constexpr std::array<std::string_view, 9> kMethods = {"GET",     "HEAD",  "POST",  "PUT",    "DELETE",
                                                      "OPTIONS", "PATCH", "TRACE", "CONNECT"};
constexpr size_t kMaxMethod = 32;
// White space that servers skip before a request; with more the strict parser may say what it is.
constexpr size_t kMaxLeadingBlanks = 8;
// What lenient servers take for white space (RFC 9112 section 3).
constexpr std::string_view kSeparators = " \t\v\f\r";

Detected detect_tls(std::string_view bytes) {
  // Handshake record, version 3.x, any length, ClientHello.
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  if (bytes.size() > 1 && byte(1) != 3) return Detected::kOpaque;
  if (bytes.size() > 2 && byte(2) > 4) return Detected::kOpaque;
  if (bytes.size() < 6) return Detected::kMore;
  return byte(5) == 1 ? Detected::kTls : Detected::kOpaque;
}

bool holds_http_name(std::string_view line) {
  const auto found = std::ranges::search(line, kHttpName, {}, ascii_lower);
  return !found.empty();
}

bool is_known_method(std::string_view word) {
  return std::ranges::any_of(kMethods, [&](std::string_view method) { return equals_ignore_case(method, word); });
}

// A line that begins like a request: a token, white space, and then either HTTP by name, or a method everyone knows and
// a target that looks like one.
Detected detect_request_line(std::string_view bytes, size_t limit) {
  const size_t word_size = find_outside(kTokenBytes, bytes);
  if (word_size == bytes.size()) return word_size <= kMaxMethod ? Detected::kMore : Detected::kOpaque;
  const bool separated = kSeparators.find(bytes[word_size]) != std::string_view::npos;
  if (word_size == 0 || word_size > kMaxMethod || !separated) return Detected::kOpaque;
  const std::string_view rest = bytes.substr(word_size + 1);
  const bool known = is_known_method(bytes.substr(0, word_size));
  if (known && rest.starts_with('/')) return Detected::kHttp1;
  const size_t line_size = find_control(rest);
  if (holds_http_name(rest.substr(0, line_size))) return Detected::kHttp1;
  if (line_size == rest.size()) {
    if (bytes.size() < limit) return Detected::kMore;
    return rest.starts_with('/') ? Detected::kHttp1 : Detected::kOpaque;
  }
  // A stray byte inside what is otherwise a request would not keep a lenient server from serving it.
  const bool ends_line = rest[line_size] == '\r' || rest[line_size] == '\n';
  return known && !ends_line ? Detected::kHttp1 : Detected::kOpaque;
}

}  // namespace

Detected detect(std::string_view first_bytes) {
  const std::string_view bytes = first_bytes.substr(0, kMaxDetectBytes);
  if (bytes.empty()) return Detected::kMore;
  if (bytes[0] == 0x16) return detect_tls(bytes);
  if (kPreface.starts_with(bytes.substr(0, kPreface.size()))) {
    return bytes.size() < kPreface.size() ? Detected::kMore : Detected::kHttp2;
  }
  const size_t blank = std::min(bytes.find_first_not_of("\r\n \t"), bytes.size());
  if (blank > kMaxLeadingBlanks) return Detected::kHttp1;
  if (blank == bytes.size()) return Detected::kMore;
  return detect_request_line(bytes.substr(blank), kMaxDetectBytes - blank);
}

}  // namespace ripstop::protocol
