#include "control/identity/trust_bundle.h"

#include <algorithm>

#include "base/text.h"
#include "control/identity/certificate_draft.h"
#include "control/identity/handles.h"

namespace ripstop::control {
namespace {

constexpr size_t kMaxRoots = 32;
constexpr size_t kMaxChain = 16;

struct Certificates {
  std::vector<CertificateHandle> list;

  // What `chain_pem` holds; reading stops at the first object that is no certificate.
  Status add(std::string_view pem, size_t limit, const std::string& file) {
    const BioHandle bio = read_only(pem);
    while (bio != nullptr && list.size() <= limit) {
      CertificateHandle certificate(PEM_read_bio_X509(bio.get(), nullptr, no_pass_phrase, nullptr));
      if (certificate == nullptr) break;
      list.push_back(std::move(certificate));
    }
    // Reading ends with "no start line" when all went well; any other reason is a broken certificate.
    const bool is_at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    if (!is_at_end && list.size() <= limit) {
      return fail_crypto(ErrorCode::kParse, "a certificate in " + file + " cannot be read");
    }
    ERR_clear_error();
    if (list.size() > limit) {
      return fail(ErrorCode::kTooLarge, file + " has more than " + std::to_string(limit) + " certificates");
    }
    return {};
  }
};

std::string fingerprint(const X509* certificate) {
  uint8_t digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest, &size) != 1) return {};
  return to_hex({reinterpret_cast<const char*>(digest), size});
}

std::string subject(X509* certificate) {
  const BioHandle out(BIO_new(BIO_s_mem()));
  if (out == nullptr || X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) < 0) {
    return {};
  }
  return contents(out.get());
}

Status verify_chain(const TrustStoreHandle& store, const Certificates& presented, WallTime now) {
  const StoreContextHandle context(X509_STORE_CTX_new());
  STACK_OF(X509)* untrusted = sk_X509_new_null();
  for (size_t i = 1; i < presented.list.size(); ++i) sk_X509_push(untrusted, presented.list[i].get());
  X509* leaf = presented.list.front().get();
  bool is_good = context != nullptr && X509_STORE_CTX_init(context.get(), store.get(), leaf, untrusted) == 1;
  std::string reason = "out of memory";
  if (is_good) {
    X509_STORE_CTX_set_time_posix(context.get(), 0, WallClock::to_time_t(now));
    is_good = X509_verify_cert(context.get()) == 1;
    reason = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
  }
  sk_X509_free(untrusted);
  ERR_clear_error();
  if (is_good) return {};
  return fail(ErrorCode::kPermissionDenied, "the certificate does not verify against the roots: " + reason);
}

}  // namespace

Result<TrustBundle> TrustBundle::parse(std::string_view pem, const std::string& file) {
  Certificates read;
  if (Status added = read.add(pem, kMaxRoots, file); !added) return fail_with(added);
  if (read.list.empty()) {
    return fail(ErrorCode::kParse, "the file " + file + " has no PEM certificate; put the mesh's roots into it");
  }
  TrustBundle bundle;
  for (const CertificateHandle& certificate : read.list) {
    if (X509_check_ca(certificate.get()) == 0) {
      return fail(ErrorCode::kInvalidArgument, "the certificate " + subject(certificate.get()) + " in " + file +
                                                   " is no CA and cannot be a root; remove it");
    }
    TrustBundle one;
    one.roots_.push_back({to_pem(certificate.get()), fingerprint(certificate.get()), subject(certificate.get()),
                          to_wall_time(X509_get0_notAfter(certificate.get()))});
    bundle.merge(one);
  }
  return bundle;
}

void TrustBundle::merge(const TrustBundle& other) {
  for (const Root& root : other.roots_) {
    if (std::ranges::find(roots_, root.fingerprint, &Root::fingerprint) == roots_.end()) roots_.push_back(root);
  }
}

Status TrustBundle::verify(std::string_view certificate_pem, std::string_view chain_pem, WallTime now) const {
  Certificates presented;
  if (Status added = presented.add(certificate_pem, kMaxChain, "the certificate"); !added) return added;
  if (presented.list.empty()) return fail(ErrorCode::kParse, "there is no PEM certificate to verify");
  if (Status added = presented.add(chain_pem, kMaxChain, "the chain"); !added) return added;
  const TrustStoreHandle store(X509_STORE_new());
  Certificates trusted;
  if (Status added = trusted.add(pem(), kMaxRoots, "the trust bundle"); !added) return added;
  for (const CertificateHandle& root : trusted.list) {
    if (store == nullptr || X509_STORE_add_cert(store.get(), root.get()) != 1) {
      return fail_crypto(ErrorCode::kInternal, "the trust bundle could not be loaded");
    }
  }
  return verify_chain(store, presented, now);
}

std::string TrustBundle::pem() const {
  std::string text;
  for (const Root& root : roots_) text += root.pem;
  return text;
}

}  // namespace ripstop::control
