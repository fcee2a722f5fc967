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

// A bundle may hold a key beside its certificates; what is kept as text is shown on admin pages and must hold none.
std::string only_certificates(std::string_view pem) {
  constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
  constexpr std::string_view kEnd = "-----END CERTIFICATE-----";
  std::string kept;
  for (size_t at = pem.find(kBegin); at != std::string_view::npos; at = pem.find(kBegin, at)) {
    const size_t end = pem.find(kEnd, at);
    if (end == std::string_view::npos) break;
    kept.append(pem.substr(at, end + kEnd.size() - at)).append("\n");
    at = end;
  }
  return kept;
}

Result<SecretStore::Entry> make_entry(const model::Secret& secret) {
  SecretStore::Entry entry;
  if (!secret.private_key_pem.empty()) {
    auto key = net::TlsKey::parse(secret.private_key_pem);
    if (!key) return fail(key.error().code, "secret " + secret.name + ": " + key.error().message);
    entry.key = std::move(*key);
  }
  entry.certificate_chain_pem = only_certificates(secret.certificate_chain_pem);
  entry.trusted_roots_pem = only_certificates(secret.trusted_roots_pem);
  const bool had_text = !secret.certificate_chain_pem.empty() || !secret.trusted_roots_pem.empty();
  if (had_text && entry.certificate_chain_pem.empty() && entry.trusted_roots_pem.empty()) {
    return fail(ErrorCode::kParse, "secret " + secret.name + " holds no certificate in PEM");
  }
  return entry;
}

}  // namespace

Status SecretStore::set(model::Secret& secret) {
  return set(std::span(&secret, 1));
}

Status SecretStore::set(std::span<model::Secret> secrets) {
  std::map<std::string, Entry> fresh;
  Status read;
  for (model::Secret& secret : secrets) {
    auto entry = make_entry(secret);
    wipe(secret.private_key_pem);
    if (!entry && read) read = fail_with(entry);
    if (entry) fresh.insert_or_assign(secret.name, std::move(*entry));
  }
  return read ? put(std::move(fresh)) : read;
}

Status SecretStore::set_identity(const std::string& name, std::string chain_pem,
                                 std::shared_ptr<const net::TlsKey> key) {
  std::map<std::string, Entry> fresh;
  Entry& entry = fresh[name];
  entry.certificate_chain_pem = only_certificates(chain_pem);
  entry.key = std::move(key);
  return put(std::move(fresh));
}

// All contexts are made before any is taken into use, so that a bad secret changes nothing.
Status SecretStore::put(std::map<std::string, Entry> fresh) {
  const std::map<std::string, Entry> before = entries_;
  for (auto& [name, entry] : fresh) {
    entry.updated = WallClock::now();
    entries_[name] = entry;
  }
  std::vector<std::pair<std::shared_ptr<TlsSlot>, std::shared_ptr<const net::TlsContext>>> contexts;
  for (auto at = slots_.begin(); at != slots_.end();) {
    auto slot = at->second.lock();
    if (!slot) {
      at = slots_.erase(at);
      continue;
    }
    const model::TlsSecretNames& names = at->first.names;
    if (fresh.contains(names.certificate) || fresh.contains(names.trusted_roots)) {
      auto context = make(at->first);
      if (!context && context.error().code != ErrorCode::kNotFound) {
        entries_ = before;
        const std::string& blamed = fresh.contains(names.certificate) ? names.certificate : names.trusted_roots;
        return fail(context.error().code, "secret " + blamed + ": " + context.error().message);
      }
      if (context) contexts.emplace_back(std::move(slot), std::move(*context));
    }
    ++at;
  }
  for (auto& [slot, context] : contexts) slot->set(std::move(context));
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
