#include "protocol/http1/head_writer.h"

#include <charconv>
#include <string_view>

#include "protocol/bytes/put.h"

namespace ripstop::protocol {
namespace {

// More than all that the writer adds besides what is counted: version, status, framing and connection lines.
constexpr size_t kSlack = 256;

char* put_number(char* out, uint64_t number) {
  return std::to_chars(out, out + 20, number).ptr;
}

char* put_framing(char* out, BodyFraming framing, bool has_length) {
  if (framing.kind == BodyFraming::Kind::kChunked) return put(out, "transfer-encoding: chunked\r\n");
  if (framing.kind != BodyFraming::Kind::kLength || has_length) return out;
  return put(put_number(put(out, "content-length: "), framing.length), "\r\n");
}

// A length next to the chunked coding is the first form of request smuggling; it is never written, whatever a filter
// did.
uint64_t hidden(BodyFraming framing) {
  return framing.kind == BodyFraming::Kind::kChunked ? bit(FieldId::kContentLength) : 0;
}

char* put_connection(char* out, ConnectionSignal signal, std::string_view upgrade, bool trailers) {
  if (!upgrade.empty()) return put(put(put(out, "connection: upgrade\r\nupgrade: "), upgrade), "\r\n");
  const std::string_view option = signal == ConnectionSignal::kClose       ? "close"
                                  : signal == ConnectionSignal::kKeepAlive ? "keep-alive"
                                                                           : "";
  if (trailers) out = put(out, option.empty() ? "te: trailers\r\nconnection: te" : "te: trailers\r\nconnection: te, ");
  if (option.empty()) return trailers ? put(out, "\r\n") : out;
  if (!trailers) out = put(out, "connection: ");
  return put(put(out, option), "\r\n");
}

}  // namespace

size_t encoded_bound(const RequestHead& head) {
  return head.method.size() + head.authority.size() * 2 + head.path.size() + head.query.size() + head.upgrade.size() +
         head.fields.encoded_bound() + kSlack;
}

size_t encoded_bound(const ResponseHead& head) {
  return head.reason.size() + head.upgrade.size() + head.fields.encoded_bound() + kSlack;
}

size_t encode(const RequestHead& head, ConnectionSignal signal, std::span<char> out) {
  char* const begin = out.data();
  char* at = put(put(begin, head.method), " ");
  at = head.method_kind == Method::kConnect ? put(at, head.authority) : put(put(at, head.path), head.query);
  at = put(at, " HTTP/1.1\r\n");
  const bool host_as_received = head.fields.find(FieldId::kHost) == head.authority;
  if (!host_as_received) at = put(put(put(at, "host: "), head.authority), "\r\n");
  at = head.fields.encode(at, hidden(head.framing) | (host_as_received ? 0 : bit(FieldId::kHost)));
  at = put_framing(at, head.framing, head.fields.has(FieldId::kContentLength));
  at = put_connection(at, signal, head.upgrade, head.accepts_trailers);
  return static_cast<size_t>(put(at, "\r\n") - begin);
}

size_t encode(const ResponseHead& head, ConnectionSignal signal, std::span<char> out) {
  char* const begin = out.data();
  char* at = put(put_number(put(begin, "HTTP/1.1 "), head.status), " ");
  at = put(at, head.reason.empty() ? standard_reason(head.status) : head.reason);
  at = head.fields.encode(put(at, "\r\n"), hidden(head.framing));
  at = put_framing(at, head.framing, head.fields.has(FieldId::kContentLength));
  at = put_connection(at, signal, head.upgrade, false);
  return static_cast<size_t>(put(at, "\r\n") - begin);
}

}  // namespace ripstop::protocol
