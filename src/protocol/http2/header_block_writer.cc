#include <array>
#include <charconv>

#include "protocol/http2/header_block.h"

namespace ripstop::protocol {
namespace {

constexpr uint64_t kNeverWritten =
    bit(FieldId::kConnection) | bit(FieldId::kKeepAlive) | bit(FieldId::kProxyConnection) | bit(FieldId::kTe) |
    bit(FieldId::kTransferEncoding) | bit(FieldId::kUpgrade) | bit(FieldId::kHttp2Settings) | bit(FieldId::kHost);

void write_fields(const Fields& fields, uint64_t except, FieldBlock& block) {
  for (const Field& field : fields) {
    if ((bit(field.id) & except) != 0) continue;
    if (field.id != FieldId::kOther) {
      block.add(field_name(field.id), field.value);
    } else {
      block.add_lower(field.name, field.value);
    }
  }
}

void write_length(BodyFraming framing, const Fields& fields, FieldBlock& block) {
  const bool is_said = fields.has(FieldId::kContentLength);
  if (framing.kind != BodyFraming::Kind::kLength || framing.length == 0 || is_said) return;
  std::array<char, 20> digits{};
  const char* end = std::to_chars(digits.data(), digits.data() + digits.size(), framing.length).ptr;
  block.add("content-length", {digits.data(), static_cast<size_t>(end - digits.data())});
}

// A length that an edit has left beside another framing would be a lie.
uint64_t hidden(BodyFraming framing) {
  const bool is_open = framing.kind == BodyFraming::Kind::kChunked || framing.kind == BodyFraming::Kind::kUntilClose;
  return kNeverWritten | (is_open ? bit(FieldId::kContentLength) : 0);
}

}  // namespace

void write_request(const RequestHead& head, std::string_view scheme, FieldBlock& block) {
  const bool is_tunnel = head.method_kind == Method::kConnect || !head.upgrade.empty();
  block.add(":method", is_tunnel ? std::string_view("CONNECT") : head.method);
  if (!head.upgrade.empty()) block.add(":protocol", head.upgrade);
  if (head.method_kind != Method::kConnect) {
    block.add(":scheme", head.scheme.empty() ? scheme : head.scheme);
    block.add(":path", head.path, head.query);
  }
  block.add(":authority", head.authority);
  // Extended CONNECT does without a WebSocket's key (RFC 8441 section 5.1).
  const uint64_t key = is_tunnel ? bit(FieldId::kSecWebSocketKey) : 0;
  write_fields(head.fields, hidden(head.framing) | key, block);
  write_length(head.framing, head.fields, block);
  if (head.accepts_trailers) block.add("te", "trailers");
}

void write_response(const ResponseHead& head, FieldBlock& block) {
  std::array<char, 8> digits{};
  const uint16_t status = head.status == 101 ? uint16_t{200} : head.status;
  const char* end = std::to_chars(digits.data(), digits.data() + digits.size(), status).ptr;
  block.add(":status", {digits.data(), static_cast<size_t>(end - digits.data())});
  write_fields(head.fields, hidden(head.framing), block);
  write_length(head.framing, head.fields, block);
}

void write_trailers(const Fields& trailers, FieldBlock& block) {
  write_fields(trailers, kNeverWritten | bit(FieldId::kContentLength), block);
}

}  // namespace ripstop::protocol
