// The head of an HTTP request and of a response: the one model of both, whatever version they came by.
//
// A head that a codec hands out is judged and canonical: the framing is unambiguous, authority and path are in their
// one canonical form, hop-by-hop fields are gone from `fields` (what they said is in the flags here). Everything
// downstream of the codec (routing, authorization, rate limits, logs, the upstream request) reads these same values.
//
// Ownership: views point into the caller's buffer, into literals, or into `storage` of the same object. They are valid
// until the next clear() and while that buffer neither moves nor changes; so a head is neither copied nor moved.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/fields.h"

namespace ripstop::protocol {

enum class Version : uint8_t { kHttp10, kHttp11, kHttp2 };

// How the end of a message's content is found (RFC 9112 section 6.3).
struct BodyFraming {
  enum class Kind : uint8_t {
    kNone,        // no content follows
    kLength,      // exactly `length` bytes
    kChunked,     // chunked transfer coding
    kUntilClose,  // responses only: all that comes until the connection ends
  };
  Kind kind = Kind::kNone;
  uint64_t length = 0;

  static constexpr BodyFraming none() { return {}; }
  static constexpr BodyFraming of_length(uint64_t length) { return {Kind::kLength, length}; }
  static constexpr BodyFraming chunked() { return {Kind::kChunked, 0}; }
  static constexpr BodyFraming until_close() { return {Kind::kUntilClose, 0}; }
  // True when no byte of content follows.
  [[nodiscard]] constexpr bool is_empty() const {
    return kind == Kind::kNone || (kind == Kind::kLength && length == 0);
  }
  bool operator==(const BodyFraming&) const = default;
};

// Methods that change how a message is read; all others are alike to the mesh.
enum class Method : uint8_t { kOther, kGet, kHead, kConnect, kOptions, kTrace };

// RFC 9112 section 3.2.
enum class TargetForm : uint8_t { kOrigin, kAbsolute, kAuthority, kAsterisk };

struct RequestHead {
  RequestHead() = default;
  RequestHead(const RequestHead&) = delete;
  RequestHead& operator=(const RequestHead&) = delete;

  // Back to a default head; keeps capacity.
  void clear();

  Method method_kind = Method::kOther;
  Version version = Version::kHttp11;
  TargetForm form = TargetForm::kOrigin;
  // The connection can carry another request after this one.
  bool keep_alive = true;
  // The client waits for 100 (Continue) before it sends the content; false when there is none.
  bool expects_continue = false;
  // TE: trailers.
  bool accepts_trailers = false;
  BodyFraming framing;

  std::string_view method;
  // As received, for logs and x-envoy-original-path only.
  std::string_view target;
  // "http" or "https" when the target was in absolute form, else empty.
  std::string_view scheme;
  // Lower case, with the port where one was given: "reviews:9080". The target's for CONNECT.
  std::string_view authority;
  // Canonical, begins with '/'; "*" in asterisk form; empty for CONNECT.
  std::string_view path;
  // With its '?'; empty when there is none.
  std::string_view query;
  // The protocol to switch to ("websocket") when the connection asked for it, else empty. Offers of HTTP/2 are ignored,
  // because requests that follow such a switch would escape all rules (RFC 9113 dropped it).
  std::string_view upgrade;
  Fields fields;

  // Copy the text and let the view point to the copy. The caller guarantees the canonical form.
  void set_authority(std::string_view text);
  void set_path(std::string_view text);
  void set_query(std::string_view text);
  void set_method(std::string_view text);

  struct Storage {
    std::string authority;
    std::string path;
    std::string query;
    std::string method;
    std::string cookie;
  } storage;
};

struct ResponseHead {
  ResponseHead() = default;
  ResponseHead(const ResponseHead&) = delete;
  ResponseHead& operator=(const ResponseHead&) = delete;

  void clear();

  uint16_t status = 0;
  Version version = Version::kHttp11;
  // The connection can carry another response after this one's content.
  bool keep_alive = true;
  // 1xx other than 101: another head follows.
  bool interim = false;
  // 101, or 2xx to CONNECT: what follows is not HTTP.
  bool tunnel = false;
  BodyFraming framing;
  // May be empty; the standard one is used on the wire when it is and the status is known.
  std::string_view reason;
  std::string_view upgrade;
  Fields fields;
};

// What a response's meaning depends on (RFC 9112 section 6.3).
struct ResponseContext {
  Method request_method = Method::kOther;
  // The request's `upgrade` as it was forwarded.
  std::string_view request_upgrade;
};

[[nodiscard]] Method identify_method(std::string_view method);

// "OK" for 200; "" for an unknown status.
[[nodiscard]] std::string_view standard_reason(uint16_t status);

// Sets the framing and drops a Content-Length that no longer tells the truth. For filters that change the content.
template <typename Head>
void reframe(Head& head, BodyFraming framing) {
  if (framing != head.framing) head.fields.drop(FieldId::kContentLength);
  head.framing = framing;
}

}  // namespace ripstop::protocol
