// Certificates, keys and trust bundles by name, and the TLS contexts made of them.
//
// Configuration thread only; the slots it hands out are read by the workers. A context is made anew whenever a secret
// it uses changes, and until all of them are there its slot is empty.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "model/tls.h"
#include "net/tls/tls_context.h"
#include "net/tls/tls_key.h"
#include "proxy/worker/settings.h"

namespace ripstop::proxy {

class SecretStore {
 public:
  struct Entry {
    std::string certificate_chain_pem;
    std::shared_ptr<const net::TlsKey> key;
    std::string trusted_roots_pem;
    WallTime updated{};
  };

  // Takes a secret that came by xDS or stands in the bootstrap; its key text is wiped. Errors name the secret, never
  // its content, and leave the old one in force.
  Status set(model::Secret& secret);
  // Several that belong together: all of them or none.
  Status set(std::span<model::Secret> secrets);
  // The proxy's own identity, whose key it made itself.
  Status set_identity(const std::string& name, std::string chain_pem, std::shared_ptr<const net::TlsKey> key);

  [[nodiscard]] bool has(const std::string& name) const { return entries_.contains(name); }
  [[nodiscard]] const std::map<std::string, Entry>& entries() const { return entries_; }

  [[nodiscard]] std::shared_ptr<TlsSlot> server_slot(const model::DownstreamTls& tls);
  [[nodiscard]] std::shared_ptr<TlsSlot> client_slot(const model::UpstreamTls& tls);

 private:
  struct Use {
    bool is_server = false;
    model::TlsSecretNames names;
    bool requires_peer = true;
    std::vector<std::string> alpn;
    auto tie() const { return std::tie(is_server, names.certificate, names.trusted_roots, requires_peer, alpn); }
    bool operator<(const Use& other) const { return tie() < other.tie(); }
  };

  Status put(std::map<std::string, Entry> fresh);
  [[nodiscard]] std::shared_ptr<TlsSlot> slot(Use use);
  Result<std::shared_ptr<const net::TlsContext>> make(const Use& use) const;

  std::map<std::string, Entry> entries_;
  std::map<Use, std::weak_ptr<TlsSlot>> slots_;
};

}  // namespace ripstop::proxy
