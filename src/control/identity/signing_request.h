// A certificate signing request (PKCS #10, RFC 2986) that has been checked.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"

struct evp_pkey_st;

namespace ripstop::control {

inline constexpr size_t kMaxRequestBytes = 16 * 1024;

// All that is taken from a request is its public key: subject, SAN and wanted extensions are the authority's business.
class SigningRequest {
 public:
  // Exactly one PEM block. The signature proves that the sender has the private key; the key is P-256, P-384, Ed25519
  // or RSA of 2048 to 8192 bits; the signature's hash is SHA-256 or longer. Errors say which rule was broken.
  static Result<SigningRequest> parse(std::string_view pem);

  [[nodiscard]] evp_pkey_st* public_key() const { return key_.get(); }

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  explicit SigningRequest(evp_pkey_st* key) : key_(key) {}

  std::unique_ptr<evp_pkey_st, Free> key_;
};

}  // namespace ripstop::control
