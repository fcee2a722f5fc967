#include "load/drive/tls_client.h"

#include <openssl/ssl.h>

namespace ripstop::load {
namespace {

constexpr size_t kMaxSessions = 1024;

}  // namespace

Result<std::unique_ptr<TlsClient>> TlsClient::make(const TlsFiles& files) {
  std::unique_ptr<TlsClient> client(new TlsClient(files));
  if (auto loaded = client->load(files); !loaded) return fail_with(loaded);
  return client;
}

Status TlsClient::load(const TlsFiles& files) {
  context_ = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_min_proto_version(context_, TLS1_3_VERSION);
  SSL_CTX_set_ciphersuites(context_, "TLS_AES_128_GCM_SHA256");
  SSL_CTX_set1_groups_list(context_, "X25519");
  SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
  if (SSL_CTX_load_verify_locations(context_, files.roots.c_str(), nullptr) != 1) {
    return fail(ErrorCode::kInvalidArgument, "cannot read roots from " + files.roots);
  }
  if (SSL_CTX_use_certificate_chain_file(context_, files.certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context_, files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return fail(ErrorCode::kInvalidArgument, "cannot use " + files.certificate + " with " + files.key);
  }
  SSL_CTX_set_ex_data(context_, 0, this);
  if (resumes_) {
    SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context_, keep_session);
  }
  return {};
}

TlsClient::~TlsClient() {
  for (SSL_SESSION* session : sessions_) SSL_SESSION_free(session);
  SSL_CTX_free(context_);
}

int TlsClient::keep_session(SSL* connection, SSL_SESSION* session) {
  auto* self = static_cast<TlsClient*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(connection), 0));
  if (self->sessions_.size() >= kMaxSessions) return 0;
  self->sessions_.push_back(session);
  return 1;
}

std::unique_ptr<ssl_st, void (*)(ssl_st*)> TlsClient::make_connection() {
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> made(SSL_new(context_), SSL_free);
  SSL_set_tlsext_host_name(made.get(), server_name_.c_str());
  if (!sessions_.empty()) {
    SSL_SESSION* session = sessions_.back();
    SSL_set_session(made.get(), session);
    if (sessions_.size() > 1) {
      sessions_.pop_back();
      SSL_SESSION_free(session);
    }
  }
  return made;
}

bool TlsClient::was_resumed(const SSL& connection) {
  return SSL_session_reused(&connection) == 1;
}

}  // namespace ripstop::load
