#include "net/tls/tls_peers.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace ripstop::net {
namespace {

constexpr size_t kPeers = 512;
// Kinds of connection (server name, protocol, resumed or not) of one peer.
constexpr size_t kSessionsPerPeer = 16;

Result<std::string> checked_text(const ASN1_STRING* text) {
  const std::string_view view(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                              static_cast<size_t>(ASN1_STRING_length(text)));
  if (view.find('\0') != std::string_view::npos) {
    return fail(ErrorCode::kTls, "the peer's certificate has a name with a NUL byte");
  }
  return std::string(view);
}

std::string subject_of(const X509* certificate) {
  const bssl::UniquePtr<BIO> text(BIO_new(BIO_s_mem()));
  const uint8_t* data = nullptr;
  size_t size = 0;
  const bool is_told = text &&
                       X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) >= 0 &&
                       BIO_mem_contents(text.get(), &data, &size) == 1;
  return is_told ? std::string(reinterpret_cast<const char*>(data), size) : std::string();
}

std::string fingerprint_of(const CRYPTO_BUFFER* certificate) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(CRYPTO_BUFFER_data(certificate), CRYPTO_BUFFER_len(certificate), digest.data());
  return to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

WallTime to_wall_time(const ASN1_TIME* time) {
  int64_t seconds = 0;
  if (ASN1_TIME_to_posix(time, &seconds) != 1) return {};
  return WallTime(std::chrono::seconds(std::clamp<int64_t>(seconds, 0, int64_t{1} << 33)));
}

bool is_same(const TlsSession& one, const TlsSession& other) {
  return one.is_resumed == other.is_resumed && one.sni == other.sni && one.alpn == other.alpn &&
         one.version == other.version && one.cipher == other.cipher;
}

}  // namespace

CRYPTO_BUFFER_POOL* certificate_pool() {
  static CRYPTO_BUFFER_POOL* const pool = CRYPTO_BUFFER_POOL_new();
  return pool;
}

Status read_subject_names(const X509* certificate, std::vector<std::string>& uris,
                          std::vector<std::string>& dns_names) {
  const bssl::UniquePtr<GENERAL_NAMES> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (size_t i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI && name->type != GEN_DNS) continue;
    auto text = checked_text(name->d.ia5);
    if (!text) return fail_with(text);
    (name->type == GEN_URI ? uris : dns_names).push_back(std::move(*text));
  }
  return {};
}

Result<TlsPeers::Parsed> TlsPeers::parse(const STACK_OF(CRYPTO_BUFFER) * chain) {
  Parsed parsed;
  for (size_t i = 0; i < sk_CRYPTO_BUFFER_num(chain); ++i) {
    parsed.emplace_back(X509_parse_from_buffer(sk_CRYPTO_BUFFER_value(chain, i)));
    if (parsed.back()) continue;
    ERR_clear_error();
    return fail(ErrorCode::kTls, "it cannot be read");
  }
  return parsed;
}

Result<TlsPeers::Peer> TlsPeers::read(const STACK_OF(CRYPTO_BUFFER) * chain, const Parsed& parsed) {
  Peer peer;
  for (size_t i = 0; i < sk_CRYPTO_BUFFER_num(chain); ++i) {
    peer.chain.push_back(bssl::UpRef(sk_CRYPTO_BUFFER_value(chain, i)));
  }
  peer.verified_from = WallTime::max();
  peer.names.has_peer_certificate = true;
  peer.names.peer_certificate_sha256 = fingerprint_of(peer.chain.front().get());
  peer.names.peer_subject = subject_of(parsed.front().get());
  if (Status names = read_subject_names(parsed.front().get(), peer.names.peer_uris, peer.names.peer_dns_names);
      !names) {
    return fail_with(names);
  }
  return peer;
}

Status TlsPeers::check(const Parsed& parsed, WallTime now, Peer& peer, uint8_t& alert) const {
  const bssl::UniquePtr<STACK_OF(X509)> sent(sk_X509_new_null());
  for (const auto& certificate : parsed) {
    if (!sent || !bssl::PushToStack(sent.get(), bssl::UpRef(certificate))) {
      return fail(ErrorCode::kInternal, "there is no memory");
    }
  }
  const bssl::UniquePtr<X509_STORE_CTX> path(X509_STORE_CTX_new());
  if (!path || X509_STORE_CTX_init(path.get(), roots_.get(), parsed.front().get(), sent.get()) != 1 ||
      X509_STORE_CTX_set_default(path.get(), are_clients_ ? "ssl_client" : "ssl_server") != 1) {
    return fail(ErrorCode::kInternal, "there is no memory");
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  X509_STORE_CTX_set_time_posix(path.get(), 0, seconds);
  if (X509_verify_cert(path.get()) != 1) {
    const int why = X509_STORE_CTX_get_error(path.get());
    alert = static_cast<uint8_t>(SSL_alert_from_verify_result(why));
    ERR_clear_error();
    return fail(ErrorCode::kPermissionDenied, X509_verify_cert_error_string(why));
  }
  peer.verified_from = WallTime{};
  peer.verified_until = WallTime::max();
  const STACK_OF(X509)* verified = X509_STORE_CTX_get0_chain(path.get());
  for (size_t i = 0; i < sk_X509_num(verified); ++i) {
    const X509* certificate = sk_X509_value(verified, i);
    peer.verified_from = std::max(peer.verified_from, to_wall_time(X509_get0_notBefore(certificate)));
    peer.verified_until = std::min(peer.verified_until, to_wall_time(X509_get0_notAfter(certificate)));
  }
  return {};
}

TlsPeers::Peer* TlsPeers::find(const STACK_OF(CRYPTO_BUFFER) * chain) {
  const auto found = by_leaf_.find(sk_CRYPTO_BUFFER_value(chain, 0));
  if (found == by_leaf_.end() || found->second.chain.size() != sk_CRYPTO_BUFFER_num(chain)) return nullptr;
  for (size_t i = 0; i < found->second.chain.size(); ++i) {
    if (found->second.chain[i].get() != sk_CRYPTO_BUFFER_value(chain, i)) return nullptr;
  }
  return &found->second;
}

TlsPeers::Peer& TlsPeers::keep(Peer peer) {
  const CRYPTO_BUFFER* leaf = peer.chain.front().get();
  if (by_leaf_.size() >= kPeers && !by_leaf_.contains(leaf)) by_leaf_.clear();
  return by_leaf_.insert_or_assign(leaf, std::move(peer)).first->second;
}

Status TlsPeers::verify(const STACK_OF(CRYPTO_BUFFER) * chain, WallTime now, uint8_t& alert) {
  alert = SSL_AD_CERTIFICATE_UNKNOWN;
  if (!roots_) return {};
  {
    const std::lock_guard lock(mutex_);
    const Peer* known = find(chain);
    if (known != nullptr && known->verified_from <= now && now <= known->verified_until) return {};
  }
  auto parsed = parse(chain);
  if (!parsed) return fail_with(parsed);
  auto peer = read(chain, *parsed);
  if (!peer) return fail_with(peer);
  if (Status checked = check(*parsed, now, *peer, alert); !checked) return checked;
  const std::lock_guard lock(mutex_);
  keep(std::move(*peer));
  return {};
}

TlsSessionRef TlsPeers::share(Peer& peer, TlsSession session) {
  const auto found =
      std::ranges::find_if(peer.sessions, [&](const TlsSessionRef& known) { return is_same(*known, session); });
  if (found != peer.sessions.end()) return *found;
  if (peer.sessions.size() >= kSessionsPerPeer) peer.sessions.clear();
  peer.sessions.push_back(std::make_shared<const TlsSession>(std::move(session)));
  return peer.sessions.back();
}

Result<TlsSessionRef> TlsPeers::session_of(const SSL* ssl, const std::string& local_uri) {
  TlsSession session;
  session.version = SSL_get_version(ssl);
  session.cipher = SSL_get_cipher_name(ssl);
  session.is_resumed = SSL_session_reused(ssl) == 1;
  if (const char* sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)) session.sni = sni;
  const uint8_t* alpn = nullptr;
  unsigned alpn_size = 0;
  SSL_get0_alpn_selected(ssl, &alpn, &alpn_size);
  session.alpn.assign(reinterpret_cast<const char*>(alpn), alpn_size);
  session.local_uri = local_uri;
  const STACK_OF(CRYPTO_BUFFER)* chain = SSL_get0_peer_certificates(ssl);
  if (chain == nullptr || sk_CRYPTO_BUFFER_num(chain) == 0) {
    return std::make_shared<const TlsSession>(std::move(session));
  }
  const std::lock_guard lock(mutex_);
  Peer* peer = find(chain);
  if (peer == nullptr) {
    // Resumed from a ticket, or not verified at all: it still has a name.
    auto parsed = parse(chain);
    if (!parsed) return fail_with(parsed);
    auto unknown = read(chain, *parsed);
    if (!unknown) return fail_with(unknown);
    peer = &keep(std::move(*unknown));
  }
  session.has_peer_certificate = true;
  session.peer_uris = peer->names.peer_uris;
  session.peer_dns_names = peer->names.peer_dns_names;
  session.peer_subject = peer->names.peer_subject;
  session.peer_certificate_sha256 = peer->names.peer_certificate_sha256;
  return share(*peer, std::move(session));
}

}  // namespace ripstop::net
