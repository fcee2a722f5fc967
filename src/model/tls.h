// TLS as the data plane runs it. Mirrors envoy.extensions.transport_sockets.tls.v3.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/match.h"

namespace ripstop::model {

// Certificates are named, never embedded: "default" is the proxy's own identity (its key is made by the proxy and never
// leaves it), "ROOTCA" the trust bundle; other names are fetched by SDS or are static secrets.
struct TlsSecretNames {
  std::string certificate;    // empty: present none
  std::string trusted_roots;  // empty: do not verify the peer's chain
  bool operator==(const TlsSecretNames&) const = default;
};

struct UpstreamTls {
  TlsSecretNames secrets;
  std::string sni;
  std::vector<std::string> alpn;
  // The peer's URI or DNS SAN must match one; empty with trusted_roots set accepts any name under the roots.
  std::vector<StringMatch> peer_names;
  bool operator==(const UpstreamTls&) const = default;
};

struct DownstreamTls {
  TlsSecretNames secrets;
  bool require_client_certificate = false;
  std::vector<std::string> alpn;  // in order of preference
  std::vector<StringMatch> peer_names;
  bool operator==(const DownstreamTls&) const = default;
};

// A secret as it arrives by SDS or stands in the bootstrap. PEM texts; `private_key_pem` is wiped once it is loaded and
// is never written to a log, a dump or an error.
struct Secret {
  std::string name;
  std::string certificate_chain_pem;
  std::string private_key_pem;
  std::string trusted_roots_pem;
  bool operator==(const Secret&) const = default;
};

}  // namespace ripstop::model
