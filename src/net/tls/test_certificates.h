// Certificates for tests: a root of its own and leaves with one URI name. Included by tests only.
#pragma once

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "net/tls/tls_key.h"

namespace ripstop::net::testing {

struct Issued {
  std::shared_ptr<const TlsKey> key;
  std::string certificate_pem;
};

class TestAuthority {
 public:
  TestAuthority() : key_(*TlsKey::generate()) { certificate_ = make(key_->get(), "", 0, 3600, nullptr); }

  [[nodiscard]] std::string root_pem() const { return to_pem(certificate_.get()); }

  // Valid from now + `begins` to now + `ends` seconds.
  [[nodiscard]] Issued issue(const std::string& uri, long begins = -60, long ends = 3600) const {
    auto key = *TlsKey::generate();
    auto leaf = make(key->get(), "URI:" + uri, begins, ends, certificate_.get());
    return {key, to_pem(leaf.get())};
  }

  // The same for the key of a signing request; empty when that cannot be read.
  [[nodiscard]] std::string certify(const std::string& request_pem, const std::string& uri, long begins,
                                    long ends) const {
    const bssl::UniquePtr<BIO> bio(BIO_new_mem_buf(request_pem.data(), static_cast<int>(request_pem.size())));
    const bssl::UniquePtr<X509_REQ> request(PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr));
    if (!request) return {};
    const bssl::UniquePtr<EVP_PKEY> key(X509_REQ_get_pubkey(request.get()));
    return to_pem(make(key.get(), "URI:" + uri, begins, ends, certificate_.get()).get());
  }

 private:
  bssl::UniquePtr<X509> make(EVP_PKEY* subject_key, const std::string& names, long begins, long ends,
                             X509* issuer) const {
    static long serial = 1;
    bssl::UniquePtr<X509> made(X509_new());
    X509_set_version(made.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), begins);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), ends);
    const std::string common_name = issuer == nullptr ? "test root" : "test leaf";
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
    X509_set_issuer_name(made.get(), X509_get_subject_name(issuer == nullptr ? made.get() : issuer));
    X509_set_pubkey(made.get(), subject_key);
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer == nullptr ? made.get() : issuer, made.get(), nullptr, nullptr, 0);
    add(made.get(), context, NID_basic_constraints, issuer == nullptr ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (!names.empty()) add(made.get(), context, NID_subject_alt_name, names);
    X509_sign(made.get(), key_->get(), EVP_sha256());
    return made;
  }

  static void add(X509* certificate, X509V3_CTX& context, int nid, const std::string& value) {
    const bssl::UniquePtr<X509_EXTENSION> extension(X509V3_EXT_nconf_nid(nullptr, &context, nid, value.c_str()));
    X509_add_ext(certificate, extension.get(), -1);
  }

  static std::string to_pem(X509* certificate) {
    const bssl::UniquePtr<BIO> bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(bio.get(), certificate);
    const uint8_t* data = nullptr;
    size_t size = 0;
    BIO_mem_contents(bio.get(), &data, &size);
    return {reinterpret_cast<const char*>(data), size};
  }

  std::shared_ptr<const TlsKey> key_;
  bssl::UniquePtr<X509> certificate_;
};

}  // namespace ripstop::net::testing
