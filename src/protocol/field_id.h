// Field names the mesh itself looks at, as numbers, so that a head is searched without comparing text.
#pragma once

#include <cstdint>
#include <string_view>

namespace ripstop::protocol {

// kOther is every name not listed. At most 64, because a head keeps the set of those present in one word.
enum class FieldId : uint8_t {
  kOther,
  // Connection and framing; never forwarded as received.
  kConnection,
  kKeepAlive,
  kProxyConnection,
  kTe,
  kTransferEncoding,
  kUpgrade,
  kHttp2Settings,
  // End to end.
  kHost,
  kContentLength,
  kExpect,
  kTrailer,
  kContentType,
  kContentEncoding,
  kContentRange,
  kRange,
  kCacheControl,
  kDate,
  kServer,
  kLocation,
  kAuthorization,
  kProxyAuthorization,
  kCookie,
  kSetCookie,
  kUserAgent,
  kAccept,
  kAcceptEncoding,
  kAge,
  kVary,
  kMaxForwards,
  kRetryAfter,
  kForwarded,
  kXForwardedFor,
  kXForwardedProto,
  kXForwardedHost,
  kXForwardedClientCert,
  kXRequestId,
  kXEnvoyAttemptCount,
  kXEnvoyOriginalPath,
  kXEnvoyUpstreamServiceTime,
  kXEnvoyRatelimited,
  kTraceparent,
  kTracestate,
  kB3,
  kXB3TraceId,
  kGrpcStatus,
  kGrpcMessage,
  kGrpcTimeout,
  kSecWebSocketKey,
  kSecWebSocketAccept,
  // What sidecars tell each other.
  kXRipstopPeer,
  kXRipstopVersion,
  kCount,
};

// For sets of ids in one word.
[[nodiscard]] constexpr uint64_t bit(FieldId id) {
  return uint64_t{1} << static_cast<unsigned>(id);
}

// Without regard to case.
[[nodiscard]] FieldId identify(std::string_view name);

// Lower case; "" for kOther.
[[nodiscard]] std::string_view field_name(FieldId id);

// Belongs to one connection (RFC 9110 section 7.6.1): Connection, Keep-Alive, Proxy-Connection, TE, Transfer-Encoding,
// Upgrade, HTTP2-Settings.
[[nodiscard]] constexpr bool is_hop_by_hop(FieldId id) {
  return id >= FieldId::kConnection && id <= FieldId::kHttp2Settings;
}

}  // namespace ripstop::protocol
