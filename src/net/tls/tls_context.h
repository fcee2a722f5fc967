// What a side of TLS brings to a handshake: certificate, key, roots, protocols. Immutable and shared by connections;
// rotation makes a new context, and connections keep the one they began with.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/stream.h"
#include "net/tls/tls_key.h"

struct ssl_ctx_st;
struct ssl_session_st;

namespace ripstop::net {

class TlsPeers;

// Runs once per handshake, resumed ones included, after the chain has been verified; an error ends the handshake.
using VerifyPeer = std::function<Status(const TlsSession&)>;

struct TlsOptions {
  std::string certificate_chain_pem;     // leaf first; empty: present none
  std::shared_ptr<const TlsKey> key;     // of the leaf
  std::string trusted_roots_pem;         // empty: the peer's chain is not verified
  bool require_peer_certificate = true;  // servers: ask for one and refuse without; only with roots
  std::vector<std::string> alpn;         // server: in order of preference; client: offered
  bool allow_tls12 = false;              // beyond the mesh only
  bool resume = true;
  VerifyPeer verify_peer;  // empty: any name under the roots
};

class TlsContext {
 public:
  static Result<std::shared_ptr<const TlsContext>> make_server(const TlsOptions& options);
  static Result<std::shared_ptr<const TlsContext>> make_client(const TlsOptions& options);
  ~TlsContext();

  [[nodiscard]] ssl_ctx_st* get() const { return context_; }
  [[nodiscard]] bool is_server() const { return is_server_; }

  [[nodiscard]] TlsPeers& peers() const { return *peers_; }
  // The URI of the own certificate; empty without one.
  [[nodiscard]] const std::string& local_uri() const { return local_uri_; }

  // Client sessions for resumption, by `key` (endpoint and SNI); single use as RFC 8446 C.4 advises. Thread-safe.
  void store_session(const std::string& key, ssl_session_st* session) const;
  [[nodiscard]] ssl_session_st* take_session(const std::string& key) const;

 private:
  TlsContext();
  static Result<std::shared_ptr<TlsContext>> make(const TlsOptions& options, bool is_server);
  Status load(const TlsOptions& options);
  Status show(const TlsOptions& options);
  Status trust(const TlsOptions& options);

  struct Sessions;
  ssl_ctx_st* context_ = nullptr;
  bool is_server_ = false;
  std::vector<unsigned char> alpn_wire_;
  std::string local_uri_;
  std::unique_ptr<TlsPeers> peers_;
  std::unique_ptr<Sessions> sessions_;
};

// Handshakes over `below`, which may already have given `received` (bytes read while the protocol was detected). The
// error of a refused peer says why, and names no secret. `verify`, when not null, must outlive the handshake; null
// accepts any name under the roots.
runtime::Task<Result<StreamPtr>> accept_tls(StreamPtr below, std::shared_ptr<const TlsContext> context,
                                            std::string received, const VerifyPeer* verify, TimePoint deadline);
struct TlsTarget {
  std::string sni;          // may be empty
  std::string session_key;  // names the peer for resumption, empty for none
  const VerifyPeer* verify = nullptr;
  std::vector<std::string> alpn = {};  // offered in place of the context's; empty: the context's
};
runtime::Task<Result<StreamPtr>> connect_tls(StreamPtr below, std::shared_ptr<const TlsContext> context,
                                             TlsTarget target, TimePoint deadline);

}  // namespace ripstop::net
