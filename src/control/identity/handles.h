// Owners for AWS-LC's objects. Included from .cc files only: public headers stay free of AWS-LC.
#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ripstop::control {

template <auto Free>
struct FreeWith {
  template <typename Object>
  void operator()(Object* object) const {
    Free(object);
  }
};

using BioHandle = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using KeyHandle = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using KeyContextHandle = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>>;
using CertificateHandle = std::unique_ptr<X509, FreeWith<X509_free>>;
using RequestHandle = std::unique_ptr<X509_REQ, FreeWith<X509_REQ_free>>;
using ExtensionHandle = std::unique_ptr<X509_EXTENSION, FreeWith<X509_EXTENSION_free>>;
using NumberHandle = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;
using GeneralNamesHandle = std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>>;
using TrustStoreHandle = std::unique_ptr<X509_STORE, FreeWith<X509_STORE_free>>;
using StoreContextHandle = std::unique_ptr<X509_STORE_CTX, FreeWith<X509_STORE_CTX_free>>;

// A view of `bytes` for PEM readers; null when there are too many. `bytes` must outlive it.
[[nodiscard]] inline BioHandle read_only(std::string_view bytes) {
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max())) return nullptr;
  return BioHandle(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

// PEM readers ask this for the pass phrase of an encrypted object; there never is one.
inline int no_pass_phrase(char* /*buffer*/, int /*size*/, int /*is_for_writing*/, void* /*context*/) {
  return -1;
}

// Fails with AWS-LC's own reason appended, and empties its error queue.
[[nodiscard]] std::unexpected<Error> fail_crypto(ErrorCode code, std::string_view what);

[[nodiscard]] std::string to_pem(X509* certificate);
[[nodiscard]] std::string contents(BIO* memory);

}  // namespace ripstop::control
