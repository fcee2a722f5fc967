#include "proxy/request_headers.h"

#include <array>
#include <utility>

#include "base/text.h"
#include "net/websocket_accept.h"

namespace ripstop::proxy {
namespace {

using protocol::FieldId;

constexpr size_t kMaxPeerBytes = 2048;

struct PeerKey {
  std::string_view key;
  std::string model::PeerLabels::* field;
};

constexpr std::array<PeerKey, 7> kPeerKeys = {{
    {"w", &model::PeerLabels::workload},
    {"n", &model::PeerLabels::ns},
    {"a", &model::PeerLabels::app},
    {"v", &model::PeerLabels::version},
    {"s", &model::PeerLabels::canonical_service},
    {"r", &model::PeerLabels::canonical_revision},
    {"c", &model::PeerLabels::cluster},
}};

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

bool percent_decode(std::string_view text, std::string& out) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (is_plain(text[i])) {
      out += text[i];
      continue;
    }
    const auto byte =
        text[i] == '%' && i + 2 < text.size() ? parse_number<uint8_t>(text.substr(i + 1, 2), 16) : std::nullopt;
    if (!byte) return false;
    out += static_cast<char>(*byte);
    i += 2;
  }
  return true;
}

void quote(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
}

// Envoy's form: By=…;Hash=…;Subject="…";URI=….
std::string describe_certificate(const net::TlsSession& tls) {
  std::string text = "By=" + tls.local_uri + ";Hash=" + tls.peer_certificate_sha256 + ";Subject=\"";
  quote(text, tls.peer_subject);
  text += '"';
  for (const std::string& uri : tls.peer_uris) {
    text += ";URI=";
    for (const char c : uri) {
      if (c != ';' && c != ',' && c != '"' && static_cast<unsigned char>(c) > 0x20) text += c;
    }
  }
  return text;
}

void settle_client_certificate(const ConnectionFacts& facts, const model::HttpConnection& http,
                               protocol::RequestHead& request) {
  using model::ClientCertForwarding;
  const bool has_certificate = facts.tls != nullptr && facts.tls->has_peer_certificate;
  std::string value;
  const bool keeps = http.client_cert == ClientCertForwarding::kAlwaysForwardOnly ||
                     (has_certificate && (http.client_cert == ClientCertForwarding::kForwardOnly ||
                                          http.client_cert == ClientCertForwarding::kAppendForward));
  if (keeps) {
    if (const auto before = request.fields.find(FieldId::kXForwardedClientCert)) value = *before;
  }
  const bool adds = has_certificate && (http.client_cert == ClientCertForwarding::kAppendForward ||
                                        http.client_cert == ClientCertForwarding::kSanitizeSet);
  if (adds) value += (value.empty() ? "" : ",") + describe_certificate(*facts.tls);
  if (request.fields.has(FieldId::kXForwardedClientCert)) request.fields.drop(FieldId::kXForwardedClientCert);
  if (!value.empty()) static_cast<void>(request.fields.append(FieldId::kXForwardedClientCert, value));
}

bool is_websocket(const protocol::RequestHead& request) {
  return equals_ignore_case(request.upgrade, "websocket");
}

bool is_sidecar(const ConnectionFacts& facts) {
  return facts.tls != nullptr && facts.tls->has_peer_certificate;
}

void learn_peer(ConnectionFacts& facts, protocol::RequestHead& request) {
  const auto field = request.fields.find(FieldId::kXRipstopPeer);
  if (!field) return;
  if (is_sidecar(facts) && !facts.peer) {
    model::PeerLabels labels;
    if (parse_peer(*field, labels)) facts.peer = std::make_unique<const model::PeerLabels>(std::move(labels));
  }
  request.fields.drop(FieldId::kXRipstopPeer);
}

void learn_version(const ConnectionFacts& facts, ExchangeState& state) {
  protocol::RequestHead& request = state.request;
  state.client_version = request.version;
  const auto field = request.fields.find(FieldId::kXRipstopVersion);
  if (!field) return;
  if (is_sidecar(facts)) {
    state.client_version = *field == "2" ? protocol::Version::kHttp2 : protocol::Version::kHttp11;
  }
  request.fields.drop(FieldId::kXRipstopVersion);
}

}  // namespace

void append_uuid(std::string& text, Random& random) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  const uint64_t high = (random.next() & ~0xF000ULL) | 0x4000ULL;
  const uint64_t low = (random.next() & ~(3ULL << 62)) | (1ULL << 63);
  for (int i = 0; i < 32; ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) text += '-';
    const uint64_t half = i < 16 ? high : low;
    text += kDigits[half >> (60 - 4 * (i % 16)) & 15];
  }
}

void complete_websocket(protocol::RequestHead& request, Random& random) {
  static constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (!is_websocket(request)) return;
  // Sixteen bytes in base64: the last digit before the padding carries two bits only.
  std::string key;
  for (int i = 0; i < 21; ++i) key += kDigits[random.below(kDigits.size())];
  key += kDigits[random.below(4) * 16];
  static_cast<void>(request.fields.set(FieldId::kSecWebSocketKey, key + "=="));
}

bool answers_key(const protocol::ResponseHead& response, const protocol::RequestHead& request) {
  if (!is_websocket(request)) return true;
  const auto key = request.fields.find(FieldId::kSecWebSocketKey);
  const auto answer = response.fields.find(FieldId::kSecWebSocketAccept);
  return key && answer && *answer == net::websocket_accept(*key);
}

void settle_websocket(const protocol::RequestHead& request, protocol::ResponseHead& response) {
  const bool client_has_key = request.version != protocol::Version::kHttp2;
  const bool upstream_had_key = response.version != protocol::Version::kHttp2;
  if (client_has_key && upstream_had_key) return;
  response.fields.drop(FieldId::kSecWebSocketAccept);
  const auto key = request.fields.find(FieldId::kSecWebSocketKey);
  if (!client_has_key || !response.tunnel || !is_websocket(request) || !key) return;
  static_cast<void>(response.fields.append(FieldId::kSecWebSocketAccept, net::websocket_accept(*key)));
}

std::string format_peer(const model::PeerLabels& labels) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  for (const auto& [key, field] : kPeerKeys) {
    if ((labels.*field).empty()) continue;
    text.append(text.empty() ? "" : ",").append(key).append("=");
    for (const char c : labels.*field) {
      if (is_plain(c)) {
        text += c;
        continue;
      }
      text += '%';
      text += kDigits[static_cast<uint8_t>(c) >> 4];
      text += kDigits[static_cast<uint8_t>(c) & 15];
    }
  }
  return text;
}

bool parse_peer(std::string_view value, model::PeerLabels& labels) {
  if (value.size() > kMaxPeerBytes) return false;
  model::PeerLabels parsed;
  for (const std::string_view pair : split(value, ',')) {
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos) return false;
    for (const auto& [key, field] : kPeerKeys) {
      if (pair.substr(0, equals) == key && !percent_decode(pair.substr(equals + 1), parsed.*field)) return false;
    }
  }
  std::swap(labels, parsed);
  return true;
}

void enter_request(ConnectionFacts& facts, const model::HttpConnection& http, ExchangeState& state, Random& random) {
  protocol::RequestHead& request = state.request;
  learn_peer(facts, request);
  learn_version(facts, state);
  if (http.client_cert != model::ClientCertForwarding::kAlwaysForwardOnly) {
    settle_client_certificate(facts, http, request);
  }
  if (http.generate_request_id && !request.fields.has(FieldId::kXRequestId)) {
    state.scratch.clear();
    append_uuid(state.scratch, random);
    static_cast<void>(request.fields.append(FieldId::kXRequestId, state.scratch));
  }
  if (!request.fields.has(FieldId::kXForwardedProto)) {
    static_cast<void>(request.fields.append(FieldId::kXForwardedProto, facts.tls != nullptr ? "https" : "http"));
  }
}

}  // namespace ripstop::proxy
