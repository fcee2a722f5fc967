// What a connection speaks, from the first bytes of its client.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ripstop::protocol {

enum class Detected : uint8_t {
  kMore,    // cannot tell yet; after a bounded wait treat it as opaque, for then the server speaks first
  kTls,     // a ClientHello begins here
  kHttp1,   // reads as a request line, well formed or not: the strict parser is to judge it
  kHttp2,   // the connection preface of RFC 9113 section 3.4
  kOpaque,  // anything else
};

// With this many bytes the answer is never kMore.
inline constexpr size_t kMaxDetectBytes = size_t{9} * 1024;

// Whatever a lenient server might take for HTTP is called HTTP, so that nothing gets past the HTTP rules by being
// written oddly. Once the answer is not kMore, more bytes do not change it.
[[nodiscard]] Detected detect(std::string_view first_bytes);

}  // namespace ripstop::protocol
