#include "control/identity/issuer.h"

#include <openssl/mem.h>

#include "control/identity/certificate_draft.h"
#include "control/identity/handles.h"
#include "control/identity/private_file.h"

namespace ripstop::control {
namespace {

constexpr const char* kCertificateSigning = "critical,keyCertSign,cRLSign";

Result<KeyHandle> read_key(const Issuer::Source& key) {
  const BioHandle bio = read_only(key.pem);
  KeyHandle handle(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, nullptr));
  if (handle == nullptr) {
    ERR_clear_error();
    return fail(ErrorCode::kParse,
                "the file " + key.file + " has no readable private key; it must be PEM and not encrypted");
  }
  return handle;
}

Result<CertificateHandle> read_certificate(const Issuer::Source& certificate) {
  const BioHandle bio = read_only(certificate.pem);
  CertificateHandle handle(PEM_read_bio_X509(bio.get(), nullptr, no_pass_phrase, nullptr));
  if (handle == nullptr) {
    return fail_crypto(ErrorCode::kParse, "the file " + certificate.file + " has no readable PEM certificate");
  }
  return handle;
}

Status check_may_sign(X509* certificate, const std::string& file) {
  const uint32_t flags = X509_get_extension_flags(certificate);
  if ((flags & EXFLAG_INVALID) != 0) {
    return fail(ErrorCode::kInvalidArgument, "the certificate in " + file + " has broken extensions; issue it anew");
  }
  if ((flags & EXFLAG_BCONS) == 0 || (flags & EXFLAG_CA) == 0) {
    return fail(ErrorCode::kInvalidArgument,
                "the certificate in " + file + " may not sign others; issue it with basicConstraints CA:TRUE");
  }
  if ((X509_get_key_usage(certificate) & X509v3_KU_KEY_CERT_SIGN) == 0) {
    return fail(ErrorCode::kInvalidArgument,
                "the certificate in " + file + " may not sign others; issue it with keyUsage keyCertSign");
  }
  return {};
}

}  // namespace

struct Issuer::Keys {
  CertificateHandle certificate;
  KeyHandle key;
};

Issuer::Issuer(std::unique_ptr<Keys> keys) : keys_(std::move(keys)) {
  X509* certificate = keys_->certificate.get();
  certificate_pem_ = to_pem(certificate);
  validity_ = {to_wall_time(X509_get0_notBefore(certificate)), to_wall_time(X509_get0_notAfter(certificate))};
}

Issuer::Issuer(Issuer&&) noexcept = default;
Issuer& Issuer::operator=(Issuer&&) noexcept = default;
Issuer::~Issuer() = default;

Result<Issuer> Issuer::finish(std::unique_ptr<Keys> keys) {
  Issuer issuer(std::move(keys));
  if (issuer.certificate_pem_.empty()) return fail_crypto(ErrorCode::kInternal, "a certificate could not be written");
  return issuer;
}

Result<Issuer> Issuer::make_root(const std::string& organization, const std::string& common_name, Validity validity) {
  Result<KeyHandle> key = make_p256_key();
  if (!key) return fail_with(key);
  CertificateDraft draft(key->get(), validity);
  draft.set_subject(organization, common_name);
  draft.add_extension(NID_basic_constraints, "critical,CA:TRUE");
  draft.add_extension(NID_key_usage, kCertificateSigning);
  Result<CertificateHandle> certificate = draft.sign(nullptr, key->get());
  if (!certificate) return fail_with(certificate);
  return finish(std::make_unique<Keys>(std::move(*certificate), std::move(*key)));
}

Result<Issuer> Issuer::make_intermediate(const std::string& common_name, Validity validity) const {
  Result<KeyHandle> key = make_p256_key();
  if (!key) return fail_with(key);
  char organization[256] = {};
  X509_NAME_get_text_by_NID(X509_get_subject_name(keys_->certificate.get()), NID_organizationName, organization,
                            sizeof organization);
  CertificateDraft draft(key->get(), validity);
  draft.set_subject(organization, common_name);
  draft.add_extension(NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  draft.add_extension(NID_key_usage, kCertificateSigning);
  Result<CertificateHandle> certificate = draft.sign(keys_->certificate.get(), keys_->key.get());
  if (!certificate) return fail_with(certificate);
  return finish(std::make_unique<Keys>(std::move(*certificate), std::move(*key)));
}

Result<Issuer> Issuer::load(const std::string& path) {
  Result<std::string> pem = read_key_file(path, Privacy::kOwnerOnly);
  if (!pem) return fail_with(pem);
  Result<Issuer> issuer = from_pem({path, *pem}, {path, *pem});
  OPENSSL_cleanse(pem->data(), pem->size());
  return issuer;
}

Result<Issuer> Issuer::from_pem(const Source& certificate, const Source& key) {
  auto keys = std::make_unique<Keys>();
  Result<CertificateHandle> read = read_certificate(certificate);
  if (!read) return fail_with(read);
  keys->certificate = std::move(*read);
  Result<KeyHandle> private_key = read_key(key);
  if (!private_key) return fail_with(private_key);
  keys->key = std::move(*private_key);
  if (X509_check_private_key(keys->certificate.get(), keys->key.get()) != 1) {
    ERR_clear_error();
    return fail(ErrorCode::kInvalidArgument,
                "the private key in " + key.file + " does not belong to the first certificate in " + certificate.file);
  }
  if (Status allowed = check_may_sign(keys->certificate.get(), certificate.file); !allowed) return fail_with(allowed);
  return finish(std::move(keys));
}

Result<std::string> Issuer::sign(const SigningRequest& request, const Leaf& leaf) const {
  return sign_key(request.public_key(), leaf);
}

Result<std::string> Issuer::sign_sample(const Leaf& leaf) const {
  const Result<KeyHandle> key = make_p256_key();
  if (!key) return std::unexpected(key.error());
  return sign_key(key->get(), leaf);
}

Result<std::string> Issuer::sign_key(evp_pkey_st* key, const Leaf& leaf) const {
  CertificateDraft draft(key, leaf.validity);
  draft.add_extension(NID_basic_constraints, "critical,CA:FALSE");
  draft.add_extension(NID_key_usage, "critical,digitalSignature");
  draft.add_extension(NID_ext_key_usage, "serverAuth,clientAuth");
  draft.add_alternative_names(leaf.identity.to_string(), leaf.dns_names);
  Result<CertificateHandle> certificate = draft.sign(keys_->certificate.get(), keys_->key.get());
  if (!certificate) return fail_with(certificate);
  std::string pem = to_pem(certificate->get());
  if (pem.empty()) return fail_crypto(ErrorCode::kInternal, "a certificate could not be written");
  return pem;
}

Status Issuer::save(const std::string& path) const {
  const BioHandle out(BIO_new(BIO_s_mem()));
  if (out == nullptr ||
      PEM_write_bio_PKCS8PrivateKey(out.get(), keys_->key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return fail_crypto(ErrorCode::kInternal, "a key could not be written");
  }
  std::string key = contents(out.get());
  std::string text;
  text.reserve(certificate_pem_.size() + key.size());
  text.append(certificate_pem_).append(key);
  Status saved = write_private_file(path, text);
  OPENSSL_cleanse(key.data(), key.size());
  OPENSSL_cleanse(text.data(), text.size());
  return saved;
}

}  // namespace ripstop::control
