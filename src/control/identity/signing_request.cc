#include "control/identity/signing_request.h"

#include "control/identity/handles.h"

namespace ripstop::control {
namespace {

constexpr unsigned kMinRsaBits = 2048;
constexpr unsigned kMaxRsaBits = 8192;  // verifying a longer one costs more than a stranger may ask for

Status check_frame(std::string_view pem) {
  if (pem.size() > kMaxRequestBytes) {
    return fail(ErrorCode::kTooLarge, "the signing request has more than 16 KiB", ErrorOrigin::kDownstream);
  }
  if (pem.find('\0') != std::string_view::npos) {
    return fail(ErrorCode::kParse, "the signing request has a zero byte; send it as PEM text",
                ErrorOrigin::kDownstream);
  }
  const size_t first = pem.find("-----BEGIN ");
  if (first == std::string_view::npos || pem.find("-----BEGIN ", first + 1) != std::string_view::npos) {
    return fail(ErrorCode::kParse, "send exactly one PEM block of the kind CERTIFICATE REQUEST",
                ErrorOrigin::kDownstream);
  }
  return {};
}

bool is_allowed_curve(const EVP_PKEY* key) {
  const EC_KEY* point = EVP_PKEY_get0_EC_KEY(key);
  const int curve = point == nullptr ? NID_undef : EC_GROUP_get_curve_name(EC_KEY_get0_group(point));
  return curve == NID_X9_62_prime256v1 || curve == NID_secp384r1;
}

Status check_key(const EVP_PKEY* key) {
  const auto bits = static_cast<unsigned>(EVP_PKEY_bits(key));
  bool is_allowed = false;
  switch (EVP_PKEY_id(key)) {
    case EVP_PKEY_EC:
      is_allowed = is_allowed_curve(key);
      break;
    case EVP_PKEY_RSA:
      is_allowed = bits >= kMinRsaBits && bits <= kMaxRsaBits;
      break;
    case EVP_PKEY_ED25519:
      is_allowed = true;
      break;
    default:
      break;
  }
  if (is_allowed) return {};
  return fail(ErrorCode::kInvalidArgument,
              "the signing request's key is not accepted; use ECDSA P-256 or P-384, Ed25519, or RSA with 2048 to 8192 "
              "bits",
              ErrorOrigin::kDownstream);
}

// The library has already restricted RSA-PSS to SHA-256 and longer.
Status check_signature_algorithm(const X509_REQ* request) {
  switch (X509_REQ_get_signature_nid(request)) {
    case NID_ecdsa_with_SHA256:
    case NID_ecdsa_with_SHA384:
    case NID_ecdsa_with_SHA512:
    case NID_sha256WithRSAEncryption:
    case NID_sha384WithRSAEncryption:
    case NID_sha512WithRSAEncryption:
    case NID_rsassaPss:
    case NID_ED25519:
      return {};
    default:
      return fail(ErrorCode::kInvalidArgument, "the signing request is signed with a weak or unknown hash; use SHA-256",
                  ErrorOrigin::kDownstream);
  }
}

}  // namespace

void SigningRequest::Free::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

Result<SigningRequest> SigningRequest::parse(std::string_view pem) {
  if (Status framed = check_frame(pem); !framed) return fail_with(framed);
  const BioHandle bio = read_only(pem);
  const RequestHandle request(PEM_read_bio_X509_REQ(bio.get(), nullptr, no_pass_phrase, nullptr));
  if (request == nullptr) return fail_crypto(ErrorCode::kParse, "the signing request is not a readable PKCS #10");
  SigningRequest checked(X509_REQ_get_pubkey(request.get()));
  if (checked.public_key() == nullptr) {
    return fail_crypto(ErrorCode::kParse, "the signing request's public key cannot be read");
  }
  if (Status allowed = check_key(checked.public_key()); !allowed) return fail_with(allowed);
  if (Status allowed = check_signature_algorithm(request.get()); !allowed) return fail_with(allowed);
  if (X509_REQ_verify(request.get(), checked.public_key()) != 1) {
    return fail_crypto(ErrorCode::kPermissionDenied,
                       "the signing request is not signed by the private key that belongs to it");
  }
  return checked;
}

}  // namespace ripstop::control
