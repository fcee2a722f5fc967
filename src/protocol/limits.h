// Budgets and path rules of a listener or a cluster. The defaults are safe for traffic from anywhere.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ripstop::protocol {

struct Limits {
  // Bytes of a whole head, start line and final empty line included; 431 above it.
  size_t max_head = size_t{60} * 1024;
  // Field lines of a head, dropped ones included; 431 above it.
  size_t max_fields = 100;
  // Bytes of a request target; 414 above it.
  size_t max_target = size_t{8} * 1024;
  // Bytes of one chunk-size line with its extensions.
  size_t max_chunk_line = 256;
  // Bytes of chunk-size lines beyond what their content justifies (16 bytes a chunk and the content itself are free).
  size_t max_chunk_overhead = size_t{16} * 1024;
  // Bytes and lines of a trailer section.
  size_t max_trailers = size_t{8} * 1024;
  size_t max_trailer_fields = 32;
};

// How a path becomes canonical (RFC 3986 section 6.2.2). Backslashes, malformed escapes, encoded NUL, dot segments that
// leave the root or carry parameters are always refused.
struct PathRules {
  // What to do with %2F and %5C.
  enum class EscapedSlashes : uint8_t { kKeep, kReject, kUnescape };

  // Decode escapes of unreserved characters, write other escapes in capitals, remove dot segments. Off only to behave
  // like a proxy that forwards paths as they are; then escapes are checked but left alone.
  bool normalize = true;
  // "//" becomes "/".
  bool merge_slashes = false;
  EscapedSlashes escaped_slashes = EscapedSlashes::kKeep;
};

struct RequestRules {
  Limits limits;
  PathRules path;
};

}  // namespace ripstop::protocol
