#include "net/tls/tls_context.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <map>
#include <mutex>
#include <utility>

#include "net/tls/tls_internal.h"
#include "net/tls/tls_peers.h"

namespace ripstop::net {
namespace {

constexpr size_t kSessionsPerPeer = 4;
constexpr size_t kPeersRemembered = 1024;

Result<std::vector<bssl::UniquePtr<X509>>> read_certificates(std::string_view pem, std::string_view what) {
  const bssl::UniquePtr<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<ossl_ssize_t>(pem.size())));
  std::vector<bssl::UniquePtr<X509>> certificates;
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    certificates.emplace_back(certificate);
  }
  ERR_clear_error();
  if (certificates.empty()) {
    return fail(ErrorCode::kParse, std::string(what) + " holds no PEM certificate");
  }
  return certificates;
}

int select_alpn(SSL*, const uint8_t** out, uint8_t* out_size, const uint8_t* in, unsigned in_size, void* argument) {
  const auto& ours = *static_cast<const std::vector<unsigned char>*>(argument);
  uint8_t* chosen = nullptr;
  const int outcome =
      SSL_select_next_proto(&chosen, out_size, ours.data(), static_cast<unsigned>(ours.size()), in, in_size);
  if (outcome != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

std::vector<unsigned char> to_alpn_wire(const std::vector<std::string>& protocols) {
  std::vector<unsigned char> wire;
  for (const std::string& protocol : protocols) {
    wire.push_back(static_cast<unsigned char>(protocol.size()));
    wire.insert(wire.end(), protocol.begin(), protocol.end());
  }
  return wire;
}

struct TlsContext::Sessions {
  std::mutex mutex;
  std::map<std::string, std::vector<bssl::UniquePtr<SSL_SESSION>>> by_peer;
};

TlsContext::TlsContext() = default;

TlsContext::~TlsContext() {
  SSL_CTX_free(context_);
}

// In the library's own form of certificates: parsed, they would take some kilobytes of every connection.
Status TlsContext::show(const TlsOptions& options) {
  auto chain = read_certificates(options.certificate_chain_pem, "the certificate chain");
  if (!chain) return fail_with(chain);
  if (!options.key) return fail(ErrorCode::kInvalidArgument, "the certificate chain comes without a private key");
  std::vector<bssl::UniquePtr<CRYPTO_BUFFER>> owned;
  std::vector<CRYPTO_BUFFER*> sent;
  for (const auto& certificate : *chain) {
    uint8_t* der = nullptr;
    const int size = i2d_X509(certificate.get(), &der);
    const bssl::UniquePtr<uint8_t> bytes(der);
    if (size > 0) owned.emplace_back(CRYPTO_BUFFER_new(der, static_cast<size_t>(size), certificate_pool()));
    if (size <= 0 || !owned.back()) return fail(ErrorCode::kTls, tls_error_text("cannot use the certificate"));
    sent.push_back(owned.back().get());
  }
  if (SSL_CTX_set_chain_and_key(context_, sent.data(), sent.size(), options.key->get(), nullptr) != 1) {
    return fail(ErrorCode::kTls, tls_error_text("the private key does not belong to the certificate"));
  }
  std::vector<std::string> uris;
  std::vector<std::string> dns_names;
  if (read_subject_names(chain->front().get(), uris, dns_names) && !uris.empty()) local_uri_ = std::move(uris.front());
  return {};
}

Status TlsContext::trust(const TlsOptions& options) {
  int mode = SSL_VERIFY_NONE;
  bssl::UniquePtr<X509_STORE> store;
  if (!options.trusted_roots_pem.empty()) {
    auto roots = read_certificates(options.trusted_roots_pem, "the trust bundle");
    if (!roots) return fail_with(roots);
    store.reset(X509_STORE_new());
    if (!store) return fail(ErrorCode::kTls, tls_error_text("cannot make a store of roots"));
    for (const auto& root : *roots) X509_STORE_add_cert(store.get(), root.get());
    mode = options.require_peer_certificate ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_PEER;
  }
  SSL_CTX_set_custom_verify(context_, mode, verify_tls_peer);
  peers_ = std::make_unique<TlsPeers>(std::move(store), is_server_);
  return {};
}

Status TlsContext::load(const TlsOptions& options) {
  SSL_CTX_set_min_proto_version(context_, options.allow_tls12 ? TLS1_2_VERSION : TLS1_3_VERSION);
  SSL_CTX_set_max_proto_version(context_, TLS1_3_VERSION);
  SSL_CTX_set_mode(context_,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  if (SSL_CTX_set1_groups_list(context_, "X25519:P-256") != 1) {
    return fail(ErrorCode::kTls, tls_error_text("cannot choose the key exchange"));
  }
  if (!options.certificate_chain_pem.empty()) {
    if (Status shown = show(options); !shown) return shown;
  }
  return trust(options);
}

Result<std::shared_ptr<TlsContext>> TlsContext::make(const TlsOptions& options, bool is_server) {
  std::shared_ptr<TlsContext> made(new TlsContext);
  made->context_ = SSL_CTX_new(TLS_with_buffers_method());
  if (made->context_ == nullptr) return fail(ErrorCode::kTls, tls_error_text("cannot make a TLS context"));
  made->is_server_ = is_server;
  SSL_CTX_set0_buffer_pool(made->context_, certificate_pool());
  made->alpn_wire_ = to_alpn_wire(options.alpn);
  if (Status loaded = made->load(options); !loaded) return fail_with(loaded);
  return made;
}

Result<std::shared_ptr<const TlsContext>> TlsContext::make_server(const TlsOptions& options) {
  auto made = make(options, true);
  if (!made) return fail_with(made);
  SSL_CTX* context = (*made)->context_;
  if (!(*made)->alpn_wire_.empty()) SSL_CTX_set_alpn_select_cb(context, select_alpn, &(*made)->alpn_wire_);
  // Tickets are bound to this context's own keys, so a session never outlives a change of roots or certificate.
  static constexpr unsigned char kSessionContext[] = "ripstop";
  SSL_CTX_set_session_id_context(context, kSessionContext, sizeof kSessionContext - 1);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  if (!options.resume) SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  return std::move(*made);
}

Result<std::shared_ptr<const TlsContext>> TlsContext::make_client(const TlsOptions& options) {
  auto made = make(options, false);
  if (!made) return fail_with(made);
  SSL_CTX* context = (*made)->context_;
  const auto& wire = (*made)->alpn_wire_;
  if (!wire.empty()) SSL_CTX_set_alpn_protos(context, wire.data(), static_cast<unsigned>(wire.size()));
  SSL_CTX_set_session_cache_mode(
      context, options.resume ? SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL : SSL_SESS_CACHE_OFF);
  if (options.resume) {
    (*made)->sessions_ = std::make_unique<Sessions>();
    SSL_CTX_sess_set_new_cb(context, keep_tls_session);
  }
  return std::move(*made);
}

void TlsContext::store_session(const std::string& key, ssl_session_st* session) const {
  bssl::UniquePtr<SSL_SESSION> owned(session);
  if (!sessions_ || key.empty()) return;
  const std::lock_guard lock(sessions_->mutex);
  if (sessions_->by_peer.size() >= kPeersRemembered && !sessions_->by_peer.contains(key)) return;
  auto& kept = sessions_->by_peer[key];
  if (kept.size() >= kSessionsPerPeer) kept.erase(kept.begin());
  kept.push_back(std::move(owned));
}

ssl_session_st* TlsContext::take_session(const std::string& key) const {
  if (!sessions_ || key.empty()) return nullptr;
  const std::lock_guard lock(sessions_->mutex);
  const auto found = sessions_->by_peer.find(key);
  if (found == sessions_->by_peer.end() || found->second.empty()) return nullptr;
  SSL_SESSION* session = found->second.back().release();
  found->second.pop_back();
  return session;
}

}  // namespace ripstop::net
