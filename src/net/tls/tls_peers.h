// The peers that a context has met: a chain is verified and read once, and what connections know of the same peer they
// share. Of this room only.
//
// A chain that was verified is known again by its bytes: those of equal certificates are one object as long as somebody
// holds them. Roots never change within a context, so a verdict holds while every certificate of the verified path is
// within its dates. Thread-safe.
#pragma once

#include <openssl/pool.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/stream.h"

namespace ripstop::net {

using TlsSessionRef = std::shared_ptr<const TlsSession>;

// Where the bytes of all certificates are kept, each once.
[[nodiscard]] CRYPTO_BUFFER_POOL* certificate_pool();

// A name with a NUL inside, which would be one name to us and another to a careless reader, is an error.
Status read_subject_names(const X509* certificate, std::vector<std::string>& uris, std::vector<std::string>& dns_names);

class TlsPeers {
 public:
  // `roots` null: peers are not verified. `are_clients` says which use of a certificate is required.
  TlsPeers(bssl::UniquePtr<X509_STORE> roots, bool are_clients) : roots_(std::move(roots)), are_clients_(are_clients) {}

  // Fails with a sentence, and `alert` to send, for a chain that is not to be trusted at `now`.
  Status verify(const STACK_OF(CRYPTO_BUFFER) * chain, WallTime now, uint8_t& alert);
  // What the finished handshake of `ssl` established, the peer's names included.
  Result<TlsSessionRef> session_of(const SSL* ssl, const std::string& local_uri);

 private:
  using Chain = std::vector<bssl::UniquePtr<CRYPTO_BUFFER>>;
  struct Peer {
    Chain chain;
    TlsSession names;  // what its leaf says, and nothing else
    WallTime verified_from{};
    WallTime verified_until{};  // before `verified_from`: never verified
    std::vector<TlsSessionRef> sessions;
  };
  using Parsed = std::vector<bssl::UniquePtr<X509>>;

  static Result<Parsed> parse(const STACK_OF(CRYPTO_BUFFER) * chain);
  static Result<Peer> read(const STACK_OF(CRYPTO_BUFFER) * chain, const Parsed& parsed);
  Status check(const Parsed& parsed, WallTime now, Peer& peer, uint8_t& alert) const;
  // Null when that very chain is not known.
  Peer* find(const STACK_OF(CRYPTO_BUFFER) * chain);
  Peer& keep(Peer peer);
  TlsSessionRef share(Peer& peer, TlsSession session);

  const bssl::UniquePtr<X509_STORE> roots_;
  const bool are_clients_;
  std::mutex mutex_;
  std::unordered_map<const CRYPTO_BUFFER*, Peer> by_leaf_;
};

}  // namespace ripstop::net
