#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "protocol/authority.h"
#include "protocol/bytes/byte_class.h"
#include "protocol/http1/target.h"
#include "protocol/http2/header_block.h"
#include "protocol/path.h"

namespace ripstop::protocol {
namespace {

constexpr uint64_t kMaxLength = INT64_MAX;
constexpr size_t kMaxMethod = 32;
constexpr uint16_t kHttpPort = 80;
constexpr uint16_t kHttpsPort = 443;

enum class Pseudo : uint8_t { kMethod, kScheme, kAuthority, kPath, kProtocol, kStatus };
constexpr std::array<std::string_view, 6> kPseudoNames = {":method", ":scheme",   ":authority",
                                                          ":path",   ":protocol", ":status"};

// What the block says of the message, before method and status are weighed.
struct Signals {
  std::array<std::optional<std::string_view>, kPseudoNames.size()> pseudo;
  std::optional<uint64_t> length;
  std::optional<std::string_view> host;
  bool accepts_trailers = false;
  bool expects_continue = false;
  size_t cookies = 0;

  [[nodiscard]] bool has(Pseudo which) const { return pseudo[static_cast<size_t>(which)].has_value(); }
  [[nodiscard]] std::string_view get(Pseudo which) const { return pseudo[static_cast<size_t>(which)].value_or(""); }
};

// The only one that the name can be.
Pseudo candidate(std::string_view name) {
  if (name.size() < 3) return Pseudo::kMethod;
  switch (name[1]) {
    case 'a':
      return Pseudo::kAuthority;
    case 'p':
      return name[2] == 'a' ? Pseudo::kPath : Pseudo::kProtocol;
    case 's':
      return name[2] == 'c' ? Pseudo::kScheme : Pseudo::kStatus;
    default:
      return Pseudo::kMethod;
  }
}

Fault read_pseudo(const FieldBlock::View& field, Signals& signals) {
  const auto which = static_cast<size_t>(candidate(field.name));
  if (kPseudoNames[which] != field.name) return Fault::kPseudoFieldUnknown;
  auto& value = signals.pseudo[which];
  if (value) return Fault::kPseudoFieldRepeated;
  value = field.value;
  return Fault::kNone;
}

bool is_space(char c) {
  return c == ' ' || c == '\t';
}

Fault check_value(std::string_view value) {
  const size_t control = find_control(value);
  if (control != value.size()) return value[control] == '\0' ? Fault::kNulByte : Fault::kControlByte;
  const bool is_padded = !value.empty() && (is_space(value.front()) || is_space(value.back()));
  return is_padded ? Fault::kFieldValueSpace : Fault::kNone;
}

Fault check_text(const FieldBlock::View& field) {
  if (field.name.empty()) return Fault::kFieldNameEmpty;
  if (!is_token(field.name)) return Fault::kFieldNameSyntax;
  if (std::ranges::any_of(field.name, [](char c) { return c >= 'A' && c <= 'Z'; })) return Fault::kFieldNameCase;
  return check_value(field.value);
}

void keep(const FieldBlock::Slot& slot, FieldId id, Fields& fields) {
  fields.push_received({.name_at = slot.at,
                        .value_at = slot.at + slot.name_size,
                        .value_size = slot.value_size,
                        .name_size = static_cast<uint16_t>(slot.name_size),
                        .id = id,
                        .flags = 0});
}

Fault read_length(std::string_view value, Signals& signals) {
  if (signals.length) return Fault::kLengthRepeated;
  const auto length = parse_number<uint64_t>(value);
  if (!length || *length > kMaxLength) return Fault::kLengthSyntax;
  signals.length = length;
  return Fault::kNone;
}

// Notes what a field says; `goes_on` is false for those that do not.
Fault read_field(FieldId id, std::string_view value, Signals& signals, bool& goes_on) {
  switch (id) {
    case FieldId::kTe:
      goes_on = false;
      if (!equals_ignore_case(value, "trailers")) return Fault::kConnectionField;
      signals.accepts_trailers = true;
      return Fault::kNone;
    case FieldId::kConnection:
    case FieldId::kKeepAlive:
    case FieldId::kProxyConnection:
    case FieldId::kTransferEncoding:
    case FieldId::kUpgrade:
    case FieldId::kHttp2Settings:
      return Fault::kConnectionField;
    case FieldId::kContentLength:
      goes_on = value.size() == 1 || !value.starts_with('0');
      return read_length(value, signals);
    case FieldId::kExpect:
      goes_on = false;
      if (signals.expects_continue || !equals_ignore_case(value, "100-continue")) return Fault::kExpectUnknown;
      signals.expects_continue = true;
      return Fault::kNone;
    case FieldId::kHost:
      goes_on = false;
      if (signals.host) return Fault::kHostRepeated;
      signals.host = value;
      return Fault::kNone;
    case FieldId::kCookie:
      ++signals.cookies;
      return Fault::kNone;
    default:
      return Fault::kNone;
  }
}

Fault read_block(const FieldBlock& block, size_t max_fields, Fields& fields, Signals& signals) {
  if (block.count() > max_fields + kPseudoNames.size()) return Fault::kTooManyFields;
  fields.rebase(block.text().data());
  bool has_regular = false;
  for (size_t i = 0; i < block.count(); ++i) {
    const FieldBlock::View field = block.at(i);
    if (field.name.starts_with(':')) {
      if (has_regular) return Fault::kPseudoFieldMisplaced;
      Fault fault = read_pseudo(field, signals);
      if (fault == Fault::kNone && !block.is_checked()) fault = check_value(field.value);
      if (fault != Fault::kNone) return fault;
      continue;
    }
    has_regular = true;
    if (field.name.size() > UINT16_MAX) return Fault::kFieldNameTooLong;
    Fault fault = block.is_checked() ? Fault::kNone : check_text(field);
    if (fault != Fault::kNone) return fault;
    const FieldId id = identify(field.name);
    bool goes_on = true;
    fault = read_field(id, field.value, signals, goes_on);
    if (fault != Fault::kNone) return fault;
    if (goes_on) keep(block.slots()[i], id, fields);
  }
  return Fault::kNone;
}

void join_cookies(RequestHead& head) {
  std::string& joined = head.storage.cookie;
  joined.clear();
  for (const Field& field : head.fields) {
    if (field.id != FieldId::kCookie) continue;
    joined.append(joined.empty() ? "" : "; ").append(field.value);
  }
  // Both are well formed: the name is ours and the pieces have been checked.
  static_cast<void>(head.fields.set(FieldId::kCookie, joined));
}

Fault settle_method(const Signals& signals, RequestHead& head) {
  const std::string_view method = signals.get(Pseudo::kMethod);
  if (method.empty()) return Fault::kPseudoFieldMissing;
  if (!is_token(method)) return Fault::kMethodSyntax;
  if (method.size() > kMaxMethod) return Fault::kMethodTooLong;
  head.method = method;
  head.method_kind = identify_method(method);
  if (!signals.has(Pseudo::kProtocol)) return Fault::kNone;
  // RFC 8441 section 4.
  if (head.method_kind != Method::kConnect) return Fault::kPseudoFieldForbidden;
  if (!is_token(signals.get(Pseudo::kProtocol))) return Fault::kPseudoFieldMissing;
  head.upgrade = signals.get(Pseudo::kProtocol);
  head.method = "GET";
  head.method_kind = Method::kGet;
  return Fault::kNone;
}

// :authority, or Host where there is none; both must agree.
Fault settle_authority(const Signals& signals, uint16_t default_port, RequestHead& head) {
  const bool has_both = signals.has(Pseudo::kAuthority) && signals.host.has_value();
  const std::string_view text =
      signals.has(Pseudo::kAuthority) ? signals.get(Pseudo::kAuthority) : signals.host.value_or("");
  if (text.empty()) return Fault::kHostMissing;
  const auto authority = parse_authority(text);
  if (!authority) return Fault::kHostSyntax;
  if (has_both) {
    const auto host = parse_authority(*signals.host);
    if (!host) return Fault::kHostSyntax;
    if (!same_authority(*authority, *host, default_port)) return Fault::kHostMismatch;
  }
  head.authority = text;
  if (std::ranges::any_of(text, [](char c) { return c >= 'A' && c <= 'Z'; })) head.set_authority(to_lower(text));
  if (head.method_kind == Method::kConnect && authority->port == 0) return Fault::kHostSyntax;
  return Fault::kNone;
}

Fault settle_scheme(const Signals& signals, RequestHead& head) {
  const std::string_view scheme = signals.get(Pseudo::kScheme);
  if (scheme.empty()) return Fault::kPseudoFieldMissing;
  const bool is_https = equals_ignore_case(scheme, "https");
  if (!is_https && !equals_ignore_case(scheme, "http")) return Fault::kSchemeUnsupported;
  head.scheme = is_https ? "https" : "http";
  return Fault::kNone;
}

Fault settle_target_path(const Signals& signals, const RequestRules& rules, RequestHead& head) {
  const std::string_view path = signals.get(Pseudo::kPath);
  if (path.empty()) return Fault::kPseudoFieldMissing;
  head.target = path;
  if (path == "*" && head.method_kind == Method::kOptions) {
    head.form = TargetForm::kAsterisk;
    head.path = path;
    return Fault::kNone;
  }
  if (!path.starts_with('/')) return Fault::kTargetForm;
  if (path.size() > rules.limits.max_target) return Fault::kTargetTooLong;
  const Fault fault = check_target_text(path);
  return fault == Fault::kNone ? settle_path(path, rules.path, head) : fault;
}

// Plain CONNECT has neither scheme nor path (RFC 9113 section 8.5).
Fault settle_where(const Signals& signals, const RequestRules& rules, RequestHead& head) {
  if (head.method_kind == Method::kConnect) {
    if (signals.has(Pseudo::kScheme) || signals.has(Pseudo::kPath)) return Fault::kPseudoFieldForbidden;
    if (!signals.has(Pseudo::kAuthority)) return Fault::kPseudoFieldMissing;
    head.form = TargetForm::kAuthority;
    head.target = signals.get(Pseudo::kAuthority);
    return settle_authority(signals, kHttpsPort, head);
  }
  Fault fault = settle_scheme(signals, head);
  if (fault == Fault::kNone) fault = settle_authority(signals, head.scheme == "https" ? kHttpsPort : kHttpPort, head);
  return fault == Fault::kNone ? settle_target_path(signals, rules, head) : fault;
}

// What an HTTP/1 server would be told of the content.
Fault settle_content(const Signals& signals, bool has_ended, RequestHead& head) {
  const bool is_tunnel = head.method_kind == Method::kConnect || !head.upgrade.empty();
  if (is_tunnel) {
    head.fields.drop(FieldId::kContentLength);
    head.framing = BodyFraming::none();
    return has_ended || signals.length.value_or(0) != 0 ? Fault::kContentForbidden : Fault::kNone;
  }
  if (has_ended) {
    if (signals.length.value_or(0) != 0) return Fault::kLengthMismatch;
    // Methods that usually come with content say so when there is none (RFC 9110 section 8.6).
    const bool says_so = signals.length.has_value() || head.method_kind == Method::kOther;
    head.framing = says_so ? BodyFraming::of_length(0) : BodyFraming::none();
    return Fault::kNone;
  }
  head.framing = signals.length ? BodyFraming::of_length(*signals.length) : BodyFraming::chunked();
  const bool is_forbidden = head.method_kind == Method::kTrace && !head.framing.is_empty();
  return is_forbidden ? Fault::kContentForbidden : Fault::kNone;
}

bool is_useful_in_trailers(FieldId id) {
  switch (id) {
    case FieldId::kOther:
    case FieldId::kGrpcStatus:
    case FieldId::kGrpcMessage:
    case FieldId::kServer:
    case FieldId::kDate:
    case FieldId::kRetryAfter:
    case FieldId::kXRequestId:
    case FieldId::kXEnvoyUpstreamServiceTime:
    case FieldId::kXEnvoyRatelimited:
    case FieldId::kTraceparent:
    case FieldId::kTracestate:
    case FieldId::kB3:
    case FieldId::kXB3TraceId:
      return true;
    default:
      return false;
  }
}

bool has_any_but(const Signals& signals, Pseudo allowed) {
  for (size_t i = 0; i < signals.pseudo.size(); ++i) {
    if (signals.pseudo[i] && i != static_cast<size_t>(allowed)) return true;
  }
  return false;
}

Fault settle_tunnel(const ResponseContext& context, ResponseHead& head) {
  head.fields.drop(FieldId::kContentLength);
  head.tunnel = true;
  head.framing = BodyFraming::none();
  if (context.request_upgrade.empty()) return Fault::kNone;
  head.status = 101;
  head.upgrade = context.request_upgrade;
  return Fault::kNone;
}

}  // namespace

Fault read_request(const FieldBlock& block, bool has_ended, const RequestRules& rules, RequestHead& head) {
  head.clear();
  head.version = Version::kHttp2;
  Signals signals;
  Fault fault = read_block(block, rules.limits.max_fields, head.fields, signals);
  if (fault != Fault::kNone) return fault;
  if (signals.has(Pseudo::kStatus)) return Fault::kPseudoFieldForbidden;
  fault = settle_method(signals, head);
  if (fault == Fault::kNone) fault = settle_where(signals, rules, head);
  if (fault == Fault::kNone) fault = settle_content(signals, has_ended, head);
  if (fault != Fault::kNone) return fault;
  if (signals.cookies > 1) join_cookies(head);
  head.accepts_trailers = signals.accepts_trailers;
  head.expects_continue = signals.expects_continue && !head.framing.is_empty();
  return Fault::kNone;
}

Fault read_response(const FieldBlock& block, bool has_ended, const ResponseContext& context, ResponseHead& head) {
  head.clear();
  head.version = Version::kHttp2;
  Signals signals;
  // Their number was bounded where the block came in.
  const Fault fault = read_block(block, SIZE_MAX / 2, head.fields, signals);
  if (fault != Fault::kNone) return fault;
  if (has_any_but(signals, Pseudo::kStatus)) return Fault::kPseudoFieldForbidden;
  const std::string_view digits = signals.get(Pseudo::kStatus);
  if (digits.empty()) return Fault::kPseudoFieldMissing;
  const auto status = parse_number<uint16_t>(digits);
  // 101 does not exist in HTTP/2 (RFC 9113 section 8.6).
  if (digits.size() != 3 || !status || *status < 100 || *status > 599 || *status == 101) return Fault::kStatusCode;
  head.status = *status;
  head.interim = head.status < 200;
  if (head.interim) return has_ended || signals.length.value_or(0) != 0 ? Fault::kContentForbidden : Fault::kNone;
  const bool switches = !context.request_upgrade.empty() || context.request_method == Method::kConnect;
  if (switches && head.status < 300) return settle_tunnel(context, head);
  const bool is_bodiless = head.status == 204 || head.status == 304 || context.request_method == Method::kHead;
  if (is_bodiless) {
    if (head.status == 204) head.fields.drop(FieldId::kContentLength);
    head.framing = BodyFraming::none();
    return Fault::kNone;
  }
  if (has_ended && signals.length.value_or(0) != 0) return Fault::kLengthMismatch;
  head.framing = has_ended        ? BodyFraming::of_length(0)
                 : signals.length ? BodyFraming::of_length(*signals.length)
                                  : BodyFraming::chunked();
  return Fault::kNone;
}

Fault read_trailers(const FieldBlock& block, const Limits& limits, Fields& trailers) {
  trailers.clear();
  if (block.count() > limits.max_trailer_fields) return Fault::kTrailersTooLarge;
  if (block.text().size() > limits.max_trailers) return Fault::kTrailersTooLarge;
  trailers.rebase(block.text().data());
  for (size_t i = 0; i < block.count(); ++i) {
    const FieldBlock::View field = block.at(i);
    if (field.name.starts_with(':')) return Fault::kPseudoFieldForbidden;
    if (field.name.size() > UINT16_MAX) return Fault::kFieldNameTooLong;
    const Fault fault = block.is_checked() ? Fault::kNone : check_text(field);
    if (fault != Fault::kNone) return fault;
    const FieldId id = identify(field.name);
    if (is_hop_by_hop(id)) return Fault::kConnectionField;
    if (is_useful_in_trailers(id)) keep(block.slots()[i], id, trailers);
  }
  return Fault::kNone;
}

}  // namespace ripstop::protocol
