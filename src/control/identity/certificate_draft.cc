#include "control/identity/certificate_draft.h"

#include <openssl/rand.h>

#include <array>

namespace ripstop::control {
namespace {

int64_t posix(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

// Signature schemes follow the issuer's key: Ed25519 brings its own hash.
const EVP_MD* digest_for(const EVP_PKEY* key) {
  if (EVP_PKEY_id(key) == EVP_PKEY_ED25519) return nullptr;
  if (EVP_PKEY_id(key) == EVP_PKEY_EC && EVP_PKEY_bits(key) > 256) return EVP_sha384();
  return EVP_sha256();
}

bool add_name(GENERAL_NAMES* names, int type, const std::string& text) {
  GENERAL_NAME* name = GENERAL_NAME_new();
  ASN1_IA5STRING* value = ASN1_IA5STRING_new();
  if (name == nullptr || value == nullptr || ASN1_STRING_set(value, text.data(), text.size()) != 1) {
    GENERAL_NAME_free(name);
    ASN1_IA5STRING_free(value);
    return false;
  }
  GENERAL_NAME_set0_value(name, type, value);
  if (sk_GENERAL_NAME_push(names, name) > 0) return true;
  GENERAL_NAME_free(name);
  return false;
}

}  // namespace

CertificateDraft::CertificateDraft(EVP_PKEY* key, Validity validity) : certificate_(X509_new()) {
  require(certificate_ != nullptr);
  if (!is_good_) return;
  require(X509_set_version(certificate_.get(), X509_VERSION_3) == 1);
  require(X509_set_pubkey(certificate_.get(), key) == 1);
  require(ASN1_TIME_set_posix(X509_getm_notBefore(certificate_.get()), posix(validity.from)) != nullptr);
  require(ASN1_TIME_set_posix(X509_getm_notAfter(certificate_.get()), posix(validity.until)) != nullptr);
  set_serial_number();
}

void CertificateDraft::set_serial_number() {
  std::array<uint8_t, 16> bytes;
  require(RAND_bytes(bytes.data(), bytes.size()) == 1);
  const NumberHandle number(BN_bin2bn(bytes.data(), bytes.size(), nullptr));
  require(number != nullptr && !BN_is_zero(number.get()) &&
          BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate_.get())) != nullptr);
}

void CertificateDraft::set_subject(const std::string& organization, const std::string& common_name) {
  if (!is_good_) return;
  X509_NAME* name = X509_get_subject_name(certificate_.get());
  const auto add = [this, name](const char* field, const std::string& text) {
    require(X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, reinterpret_cast<const uint8_t*>(text.data()),
                                       static_cast<ossl_ssize_t>(text.size()), -1, 0) == 1);
  };
  add("O", organization);
  add("CN", common_name);
}

void CertificateDraft::add_extension(int nid, const char* value) {
  if (!is_good_) return;
  X509V3_CTX context;
  X509* issuer = issuer_ == nullptr ? certificate_.get() : issuer_;
  X509V3_set_ctx(&context, issuer, certificate_.get(), nullptr, nullptr, 0);
  const ExtensionHandle extension(X509V3_EXT_nconf_nid(nullptr, &context, nid, value));
  require(extension != nullptr && X509_add_ext(certificate_.get(), extension.get(), -1) == 1);
}

void CertificateDraft::add_alternative_names(const std::string& uri, const std::vector<std::string>& dns_names) {
  if (!is_good_) return;
  const GeneralNamesHandle names(GENERAL_NAMES_new());
  require(names != nullptr && add_name(names.get(), GEN_URI, uri));
  for (const std::string& dns : dns_names) require(is_good_ && add_name(names.get(), GEN_DNS, dns));
  // RFC 5280, section 4.2.1.6: critical when the subject is empty.
  const int is_critical = X509_NAME_entry_count(X509_get_subject_name(certificate_.get())) == 0 ? 1 : 0;
  require(is_good_ && X509_add1_ext_i2d(certificate_.get(), NID_subject_alt_name, names.get(), is_critical,
                                        X509V3_ADD_DEFAULT) == 1);
}

Result<CertificateHandle> CertificateDraft::sign(X509* issuer, EVP_PKEY* issuer_key) {
  issuer_ = issuer;
  add_extension(NID_subject_key_identifier, "hash");
  add_extension(NID_authority_key_identifier, "keyid:always");
  if (is_good_) {
    X509* signer = issuer == nullptr ? certificate_.get() : issuer;
    require(X509_set_issuer_name(certificate_.get(), X509_get_subject_name(signer)) == 1);
    require(X509_sign(certificate_.get(), issuer_key, digest_for(issuer_key)) > 0);
  }
  if (!is_good_) return fail_crypto(ErrorCode::kInternal, "a certificate could not be made");
  return std::move(certificate_);
}

Result<KeyHandle> make_p256_key() {
  const KeyContextHandle context(EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nullptr));
  EVP_PKEY* key = nullptr;
  if (context == nullptr || EVP_PKEY_keygen_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context.get(), NID_X9_62_prime256v1) != 1 ||
      EVP_PKEY_keygen(context.get(), &key) != 1) {
    return fail_crypto(ErrorCode::kInternal, "a P-256 key could not be made");
  }
  return KeyHandle(key);
}

WallTime to_wall_time(const ASN1_TIME* time) {
  int64_t seconds = 0;
  if (ASN1_TIME_to_posix(time, &seconds) != 1) return {};
  return WallTime(std::chrono::seconds(seconds));
}

}  // namespace ripstop::control
