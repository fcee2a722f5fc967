#include "net/tls/tls_key.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <vector>

#include "net/tls/tls_internal.h"

namespace ripstop::net {

std::string tls_error_text(std::string_view what) {
  std::string text(what);
  for (uint32_t code = ERR_get_error(); code != 0; code = ERR_get_error()) {
    const char* reason = ERR_reason_error_string(code);
    text += ": ";
    text += reason == nullptr ? "unknown" : reason;
  }
  return text;
}

void TlsKey::Free::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

Result<std::shared_ptr<const TlsKey>> TlsKey::generate() {
  const bssl::UniquePtr<EC_KEY> curve_key(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
  bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  if (!curve_key || !key || EC_KEY_generate_key(curve_key.get()) != 1 ||
      EVP_PKEY_set1_EC_KEY(key.get(), curve_key.get()) != 1) {
    return fail(ErrorCode::kTls, tls_error_text("cannot make a private key"));
  }
  return std::shared_ptr<const TlsKey>(new TlsKey(key.release()));
}

Result<std::shared_ptr<const TlsKey>> TlsKey::parse(std::string_view pem) {
  const bssl::UniquePtr<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<ossl_ssize_t>(pem.size())));
  EVP_PKEY* key = bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr) : nullptr;
  if (key == nullptr) {
    ERR_clear_error();
    return fail(ErrorCode::kParse, "the private key is not an unencrypted PEM key (PKCS#8, SEC1 or PKCS#1)");
  }
  return std::shared_ptr<const TlsKey>(new TlsKey(key));
}

namespace {

bool add_uri_name(X509_REQ* request, std::string_view uri) {
  bssl::UniquePtr<GENERAL_NAMES> names(sk_GENERAL_NAME_new_null());
  bssl::UniquePtr<GENERAL_NAME> name(GENERAL_NAME_new());
  bssl::UniquePtr<ASN1_IA5STRING> text(ASN1_IA5STRING_new());
  if (!names || !name || !text || ASN1_STRING_set(text.get(), uri.data(), static_cast<int>(uri.size())) != 1) {
    return false;
  }
  GENERAL_NAME_set0_value(name.get(), GEN_URI, text.release());
  if (sk_GENERAL_NAME_push(names.get(), name.get()) == 0) return false;
  static_cast<void>(name.release());
  bssl::UniquePtr<X509_EXTENSION> extension(X509V3_EXT_i2d(NID_subject_alt_name, 1, names.get()));
  bssl::UniquePtr<STACK_OF(X509_EXTENSION)> extensions(sk_X509_EXTENSION_new_null());
  if (!extension || !extensions || sk_X509_EXTENSION_push(extensions.get(), extension.get()) == 0) return false;
  static_cast<void>(extension.release());
  return X509_REQ_add_extensions(request, extensions.get()) == 1;
}

std::string take_text(BIO* bio) {
  const uint8_t* data = nullptr;
  size_t size = 0;
  BIO_mem_contents(bio, &data, &size);
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace

Result<std::string> TlsKey::certificate_request(std::string_view spiffe_id) const {
  const bssl::UniquePtr<X509_REQ> request(X509_REQ_new());
  const bssl::UniquePtr<BIO> bio(BIO_new(BIO_s_mem()));
  const bool made = request && bio && X509_REQ_set_version(request.get(), 0) == 1 &&
                    X509_REQ_set_pubkey(request.get(), key_.get()) == 1 && add_uri_name(request.get(), spiffe_id) &&
                    X509_REQ_sign(request.get(), key_.get(), EVP_sha256()) > 0 &&
                    PEM_write_bio_X509_REQ(bio.get(), request.get()) == 1;
  if (!made) return fail(ErrorCode::kTls, tls_error_text("cannot make a certificate request"));
  return take_text(bio.get());
}

namespace {

long long to_epoch(const ASN1_TIME* time) {
  int64_t seconds = 0;
  return ASN1_TIME_to_posix(time, &seconds) == 1 ? seconds : 0;
}

std::string first_uri(const X509* certificate) {
  const bssl::UniquePtr<GENERAL_NAMES> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (!names) return {};
  for (size_t i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_STRING* uri = name->d.uniformResourceIdentifier;
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)), static_cast<size_t>(ASN1_STRING_length(uri))};
  }
  return {};
}

}  // namespace

Result<CertificateSummary> summarize_certificate(std::string_view chain_pem) {
  const bssl::UniquePtr<BIO> bio(BIO_new_mem_buf(chain_pem.data(), static_cast<ossl_ssize_t>(chain_pem.size())));
  const bssl::UniquePtr<X509> leaf(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr);
  if (!leaf) {
    ERR_clear_error();
    return fail(ErrorCode::kParse, "the certificate chain holds no PEM certificate");
  }
  CertificateSummary summary;
  summary.uri = first_uri(leaf.get());
  summary.not_before = to_epoch(X509_get0_notBefore(leaf.get()));
  summary.not_after = to_epoch(X509_get0_notAfter(leaf.get()));
  const bssl::UniquePtr<BIGNUM> serial(ASN1_INTEGER_to_BN(X509_get0_serialNumber(leaf.get()), nullptr));
  const bssl::UniquePtr<char> hex(serial ? BN_bn2hex(serial.get()) : nullptr);
  if (hex) summary.serial = hex.get();
  const bssl::UniquePtr<BIO> subject(BIO_new(BIO_s_mem()));
  if (subject && X509_NAME_print_ex(subject.get(), X509_get_subject_name(leaf.get()), 0, XN_FLAG_RFC2253) >= 0) {
    summary.subject = take_text(subject.get());
  }
  return summary;
}

}  // namespace ripstop::net
