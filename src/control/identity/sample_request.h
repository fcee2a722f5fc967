// For tests only: signing requests of every kind, made with AWS-LC directly.
#pragma once

#include <functional>
#include <string>

#include "control/identity/handles.h"

namespace ripstop::control {

[[nodiscard]] inline KeyHandle make_key(int type, int curve_or_bits) {
  const KeyContextHandle context(EVP_PKEY_CTX_new_id(type, nullptr));
  EVP_PKEY_keygen_init(context.get());
  if (type == EVP_PKEY_EC) EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context.get(), curve_or_bits);
  if (type == EVP_PKEY_RSA) EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), curve_or_bits);
  EVP_PKEY* key = nullptr;
  EVP_PKEY_keygen(context.get(), &key);
  return KeyHandle(key);
}

[[nodiscard]] inline KeyHandle make_p256() {
  return make_key(EVP_PKEY_EC, NID_X9_62_prime256v1);
}

[[nodiscard]] inline std::string request_pem(X509_REQ* request) {
  const BioHandle out(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509_REQ(out.get(), request);
  return contents(out.get());
}

// `shape` may change the request before it is signed by `signer`, which is the request's own key unless given.
struct SampleRequest {
  EVP_PKEY* key = nullptr;
  EVP_PKEY* signer = nullptr;
  const EVP_MD* digest = EVP_sha256();
  std::function<void(X509_REQ*)> shape;

  [[nodiscard]] std::string pem() const {
    const RequestHandle request(X509_REQ_new());
    X509_REQ_set_version(request.get(), X509_REQ_VERSION_1);
    X509_REQ_set_pubkey(request.get(), key);
    if (shape) shape(request.get());
    X509_REQ_sign(request.get(), signer == nullptr ? key : signer, digest);
    return request_pem(request.get());
  }
};

}  // namespace ripstop::control
