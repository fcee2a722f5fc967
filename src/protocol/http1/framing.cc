#include "protocol/http1/framing.h"

#include <optional>

#include "base/text.h"
#include "protocol/bytes/byte_class.h"

namespace ripstop::protocol {
namespace {

constexpr uint64_t kMaxLength = INT64_MAX;

// What the fields say, before version, method and status are weighed.
struct Signals {
  std::optional<uint64_t> length;
  bool transfer_encoding = false;
  bool close = false;
  bool persist = false;
  bool upgrade_nominated = false;
  bool expects_continue = false;
  bool accepts_trailers = false;
  size_t upgrades = 0;
  std::string_view upgrade;
};

// Calls `use` for each element of a comma-separated list, empty ones left out; stops at the first fault.
template <typename Use>
Fault for_each_element(std::string_view list, Use use) {
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    const std::string_view element = trim(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (element.empty()) continue;
    const Fault fault = use(element);
    if (fault != Fault::kNone) return fault;
  }
  return Fault::kNone;
}

Fault read_length(std::string_view value, Signals& signals) {
  if (signals.length) return Fault::kLengthRepeated;
  if (value.find(',') != std::string_view::npos) return Fault::kLengthRepeated;
  const auto length = parse_number<uint64_t>(value);
  if (!length || *length > kMaxLength) return Fault::kLengthSyntax;
  signals.length = length;
  return Fault::kNone;
}

Fault read_transfer_encoding(std::string_view value, Signals& signals) {
  if (signals.transfer_encoding) return Fault::kTransferEncodingRepeated;
  signals.transfer_encoding = true;
  if (equals_ignore_case(value, "chunked")) return Fault::kNone;
  // Other codings before a final chunked are well formed, only nothing we can undo or safely pass on.
  const size_t comma = value.rfind(',');
  if (comma == std::string_view::npos || !equals_ignore_case(trim(value.substr(comma + 1)), "chunked")) {
    return Fault::kTransferEncodingSyntax;
  }
  const Fault fault = for_each_element(value.substr(0, comma), [](std::string_view coding) {
    return is_token(coding) && !equals_ignore_case(coding, "chunked") && !equals_ignore_case(coding, "identity")
               ? Fault::kTransferEncodingUnsupported
               : Fault::kTransferEncodingSyntax;
  });
  return fault == Fault::kNone ? Fault::kTransferEncodingSyntax : fault;
}

// Notes what Connection names, and drops the fields it nominates. Fields that the mesh or the recipient decides by must
// not vanish because a sender says so (RFC 9110 section 7.6.1 forbids such nominations).
Fault read_connection(std::string_view value, Fields& fields, Signals& signals) {
  return for_each_element(value, [&](std::string_view option) {
    if (!is_token(option)) return Fault::kConnectionSyntax;
    if (equals_ignore_case(option, "close")) {
      signals.close = true;
      return Fault::kNone;
    }
    const FieldId id = identify(option);
    if (id == FieldId::kKeepAlive) signals.persist = true;
    if (id == FieldId::kUpgrade) signals.upgrade_nominated = true;
    if (is_hop_by_hop(id) && id != FieldId::kTransferEncoding) return Fault::kNone;
    if (id != FieldId::kOther) return Fault::kConnectionNominates;
    fields.drop(option);
    return Fault::kNone;
  });
}

Fault read_expect(std::string_view value, Signals& signals) {
  if (signals.expects_continue || !equals_ignore_case(value, "100-continue")) return Fault::kExpectUnknown;
  signals.expects_continue = true;
  return Fault::kNone;
}

void read_upgrade(std::string_view value, Signals& signals) {
  // One protocol or none: which of several the server picks is not ours to guess.
  ++signals.upgrades;
  const std::string_view name = value.substr(0, value.find('/'));
  const bool is_http = equals_ignore_case(name, "h2c") || equals_ignore_case(name, "h2") ||
                       equals_ignore_case(name, "http") || equals_ignore_case(name, "tls");
  const std::string_view version = name.size() == value.size() ? "1" : value.substr(name.size() + 1);
  if (is_token(name) && is_token(version) && !is_http) signals.upgrade = value;
}

Fault read_field(const Field& field, Fields& fields, Signals& signals) {
  switch (field.id) {
    case FieldId::kContentLength:
      return read_length(field.value, signals);
    case FieldId::kTransferEncoding:
      return read_transfer_encoding(field.value, signals);
    case FieldId::kConnection:
      return read_connection(field.value, fields, signals);
    case FieldId::kExpect:
      return read_expect(field.value, signals);
    case FieldId::kUpgrade:
      read_upgrade(field.value, signals);
      return Fault::kNone;
    case FieldId::kTe:
      return for_each_element(field.value, [&](std::string_view coding) {
        signals.accepts_trailers = signals.accepts_trailers || equals_ignore_case(coding, "trailers");
        return Fault::kNone;
      });
    default:
      return Fault::kNone;
  }
}

constexpr uint64_t kRead = bit(FieldId::kContentLength) | bit(FieldId::kTransferEncoding) | bit(FieldId::kConnection) |
                           bit(FieldId::kExpect) | bit(FieldId::kUpgrade) | bit(FieldId::kTe) |
                           bit(FieldId::kKeepAlive) | bit(FieldId::kProxyConnection) | bit(FieldId::kHttp2Settings);

// Reads all fields that speak of connection or framing and drops those that do not go on.
Fault read_fields(Fields& fields, Signals& signals) {
  if (!fields.has_any(kRead)) return Fault::kNone;
  for (size_t i = 0; i < fields.slots().size(); ++i) {
    const Fields::Slot slot = fields.slots()[i];
    if ((bit(slot.id) & kRead) == 0) continue;
    const Field field = fields.at(slot);
    const Fault fault = read_field(field, fields, signals);
    if (fault != Fault::kNone) return fault;
    const bool padded_length = field.id == FieldId::kContentLength && field.value.size() > 1 && field.value[0] == '0';
    if (is_hop_by_hop(field.id) || padded_length) fields.drop_slot(i);
  }
  if (!signals.upgrade_nominated || signals.upgrades != 1) signals.upgrade = {};
  return signals.length && signals.transfer_encoding ? Fault::kLengthWithTransferEncoding : Fault::kNone;
}

bool stays_open(Version version, const Signals& signals) {
  if (signals.close) return false;
  return version == Version::kHttp11 || signals.persist;
}

Fault check_request_content(const RequestHead& head) {
  if (head.framing.is_empty()) return Fault::kNone;
  const bool forbidden = head.method_kind == Method::kConnect || head.method_kind == Method::kTrace;
  return forbidden ? Fault::kContentForbidden : Fault::kNone;
}

BodyFraming announced(const Signals& signals, BodyFraming otherwise) {
  if (signals.transfer_encoding) return BodyFraming::chunked();
  return signals.length ? BodyFraming::of_length(*signals.length) : otherwise;
}

// A response that by its status or its request has no content, whatever its fields say.
bool is_bodiless(uint16_t status, Method request_method) {
  return status < 200 || status == 204 || status == 304 || request_method == Method::kHead;
}

Fault settle_switch(ResponseHead& head, const ResponseContext& context, const Signals& signals) {
  if (context.request_upgrade.empty() || !equals_ignore_case(signals.upgrade, context.request_upgrade)) {
    return Fault::kSwitchUnasked;
  }
  head.upgrade = signals.upgrade;
  head.tunnel = true;
  return Fault::kNone;
}

Fault settle_bodiless(ResponseHead& head, const ResponseContext& context, const Signals& signals) {
  head.framing = BodyFraming::none();
  if (head.status == 304 || (head.status >= 200 && context.request_method == Method::kHead && head.status != 204)) {
    return Fault::kNone;
  }
  // RFC 9110 section 8.6 forbids both fields here. An empty length does no harm and is common with 204.
  if (signals.transfer_encoding || signals.length.value_or(0) != 0) return Fault::kContentForbidden;
  head.fields.drop(FieldId::kContentLength);
  return head.status == 101 ? settle_switch(head, context, signals) : Fault::kNone;
}

}  // namespace

Fault settle_request(RequestHead& head) {
  Signals signals;
  const Fault fault = read_fields(head.fields, signals);
  if (fault != Fault::kNone) return fault;
  const bool http10 = head.version == Version::kHttp10;
  if (http10 && signals.transfer_encoding) return Fault::kTransferEncodingVersion;
  head.framing = announced(signals, BodyFraming::none());
  head.keep_alive = stays_open(head.version, signals);
  head.expects_continue = signals.expects_continue && !http10 && !head.framing.is_empty();
  head.accepts_trailers = signals.accepts_trailers && !http10;
  // Content and a switch of protocols in one request leave open where the one ends and the other begins.
  if (!http10 && head.framing.is_empty()) head.upgrade = signals.upgrade;
  head.fields.drop(FieldId::kExpect);
  return check_request_content(head);
}

Fault settle_response(ResponseHead& head, const ResponseContext& context) {
  Signals signals;
  const Fault fault = read_fields(head.fields, signals);
  if (fault != Fault::kNone) return fault;
  if (head.version == Version::kHttp10 && signals.transfer_encoding) return Fault::kTransferEncodingVersion;
  head.interim = head.status < 200 && head.status != 101;
  head.keep_alive = stays_open(head.version, signals);
  if (context.request_method == Method::kConnect && head.status >= 200 && head.status < 300) {
    head.fields.drop(FieldId::kContentLength);
    head.tunnel = true;
    return Fault::kNone;
  }
  if (is_bodiless(head.status, context.request_method)) return settle_bodiless(head, context, signals);
  head.framing = announced(signals, BodyFraming::until_close());
  if (head.framing.kind == BodyFraming::Kind::kUntilClose) head.keep_alive = false;
  return Fault::kNone;
}

}  // namespace ripstop::protocol
