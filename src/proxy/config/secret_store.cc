#include "proxy/config/secret_store.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace ripstop::proxy {
namespace {

// The compiler must not take the writes for dead.
void wipe(std::string& text) {
  volatile char* bytes = text.data();
  for (size_t i = 0; i < text.size(); ++i) bytes[i] = 0;
  text.clear();
}

}  // namespace

Status SecretStore::set(model::Secret& secret) {
  Entry entry;
  if (!secret.private_key_pem.empty()) {
    auto key = net::TlsKey::parse(secret.private_key_pem);
    wipe(secret.private_key_pem);
    if (!key) return fail(key.error().code, "secret " + secret.name + ": " + key.error().message);
    entry.key = std::move(*key);
  }
  entry.certificate_chain_pem = std::move(secret.certificate_chain_pem);
  entry.trusted_roots_pem = std::move(secret.trusted_roots_pem);
  return put(secret.name, std::move(entry));
}

Status SecretStore::set_identity(const std::string& name, std::string chain_pem,
                                 std::shared_ptr<const net::TlsKey> key) {
  Entry entry;
  entry.certificate_chain_pem = std::move(chain_pem);
  entry.key = std::move(key);
  return put(name, std::move(entry));
}

// All contexts are made before any is taken into use, so that a bad secret changes nothing.
Status SecretStore::put(const std::string& name, Entry entry) {
  entry.updated = WallClock::now();
  std::swap(entries_[name], entry);
  std::vector<std::pair<std::shared_ptr<TlsSlot>, std::shared_ptr<const net::TlsContext>>> fresh;
  for (auto at = slots_.begin(); at != slots_.end();) {
    auto slot = at->second.lock();
    if (!slot) {
      at = slots_.erase(at);
      continue;
    }
    const Use& use = at->first;
    if (use.names.certificate == name || use.names.trusted_roots == name) {
      auto context = make(use);
      if (!context && context.error().code != ErrorCode::kNotFound) {
        std::swap(entries_[name], entry);
        return fail(context.error().code, "secret " + name + ": " + context.error().message);
      }
      if (context) fresh.emplace_back(std::move(slot), std::move(*context));
    }
    ++at;
  }
  for (auto& [slot, context] : fresh) slot->set(std::move(context));
  return {};
}

Result<std::shared_ptr<const net::TlsContext>> SecretStore::make(const Use& use) const {
  net::TlsOptions options;
  options.alpn = use.alpn;
  options.require_peer_certificate = use.requires_peer;
  if (!use.names.certificate.empty()) {
    const auto found = entries_.find(use.names.certificate);
    if (found == entries_.end() || found->second.certificate_chain_pem.empty()) {
      return fail(ErrorCode::kNotFound, "the certificate " + use.names.certificate + " has not arrived");
    }
    options.certificate_chain_pem = found->second.certificate_chain_pem;
    options.key = found->second.key;
  }
  if (!use.names.trusted_roots.empty()) {
    const auto found = entries_.find(use.names.trusted_roots);
    if (found == entries_.end() || found->second.trusted_roots_pem.empty()) {
      return fail(ErrorCode::kNotFound, "the trust bundle " + use.names.trusted_roots + " has not arrived");
    }
    options.trusted_roots_pem = found->second.trusted_roots_pem;
  }
  return use.is_server ? net::TlsContext::make_server(options) : net::TlsContext::make_client(options);
}

std::shared_ptr<TlsSlot> SecretStore::slot(Use use) {
  std::weak_ptr<TlsSlot>& known = slots_[use];
  if (auto slot = known.lock()) return slot;
  auto slot = std::make_shared<TlsSlot>();
  known = slot;
  if (auto context = make(use)) {
    slot->set(std::move(*context));
  } else if (context.error().code != ErrorCode::kNotFound) {
    log::error("proxy.tls", context.error().message);
  }
  return slot;
}

std::shared_ptr<TlsSlot> SecretStore::server_slot(const model::DownstreamTls& tls) {
  return slot({true, tls.secrets, tls.require_client_certificate, tls.alpn});
}

std::shared_ptr<TlsSlot> SecretStore::client_slot(const model::UpstreamTls& tls) {
  return slot({false, tls.secrets, true, tls.alpn});
}

}  // namespace ripstop::proxy
