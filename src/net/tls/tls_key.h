// A private key that this process made or was given. It signs and never leaves: there is no way to print it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct evp_pkey_st;

namespace ripstop::net {

class TlsKey {
 public:
  // A new ECDSA P-256 key.
  static Result<std::shared_ptr<const TlsKey>> generate();
  // PEM, PKCS#8 or SEC1/PKCS#1, unencrypted. Errors never quote the text.
  static Result<std::shared_ptr<const TlsKey>> parse(std::string_view pem);

  // PKCS#10 request signed by this key with `spiffe_id` as its only (URI) subject alternative name.
  [[nodiscard]] Result<std::string> certificate_request(std::string_view spiffe_id) const;
  [[nodiscard]] evp_pkey_st* get() const { return key_.get(); }

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  explicit TlsKey(evp_pkey_st* key) : key_(key) {}
  std::unique_ptr<evp_pkey_st, Free> key_;
};

// What a chain says of its first certificate; for renewal and for the /certs page.
struct CertificateSummary {
  std::string subject;
  std::string serial;        // hexadecimal
  std::string uri;           // first URI SAN
  long long not_before = 0;  // seconds since the epoch
  long long not_after = 0;
};
[[nodiscard]] Result<CertificateSummary> summarize_certificate(std::string_view chain_pem);

}  // namespace ripstop::net
