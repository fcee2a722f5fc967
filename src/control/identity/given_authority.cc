#include <algorithm>
#include <utility>

#include "base/text.h"
#include "control/identity/authority.h"
#include "control/identity/private_file.h"

namespace ripstop::control {
namespace {

// What follows the first certificate in the file.
std::string after_first_certificate(const std::string& pem) {
  static constexpr std::string_view kEnd = "-----END CERTIFICATE-----";
  const size_t end = pem.find(kEnd);
  if (end == std::string::npos) return {};
  const size_t next = pem.find("-----BEGIN CERTIFICATE-----", end);
  return next == std::string::npos ? std::string() : pem.substr(next);
}

Status check_dates(const Validity& validity, const std::string& file, WallTime now) {
  if (now < validity.from) {
    return fail(ErrorCode::kInvalidArgument,
                "the certificate in " + file + " is not valid yet; check the clock of this machine");
  }
  if (now >= validity.until) {
    return fail(ErrorCode::kInvalidArgument, "the certificate in " + file + " has run out; issue a new one");
  }
  return {};
}

// The issuer and what lies between it and a root, each once. Peers have the roots already, and Istio's chain files
// repeat issuer and root: sending them again only costs bytes in every handshake.
Result<std::string> chain_to_send(const std::string& issuer, const std::string& between, const TrustBundle& roots,
                                  const GivenFiles& files) {
  const auto is_root = [&roots](const std::string& pem) {
    return std::ranges::any_of(roots.roots(), [&pem](const TrustBundle::Root& root) { return root.pem == pem; });
  };
  std::string chain = is_root(issuer) ? std::string() : issuer;
  if (between.empty()) return chain;
  const auto parsed = TrustBundle::parse(between, files.chain.empty() ? files.certificate : files.chain);
  if (!parsed) return std::unexpected(parsed.error());
  for (const TrustBundle::Root& certificate : parsed->roots()) {
    if (certificate.pem != issuer && !is_root(certificate.pem)) chain += certificate.pem;
  }
  return chain;
}

}  // namespace

Status Authority::load_given(WallTime now) {
  const GivenFiles& files = *options_.given;
  Result<std::string> certificate = read_key_file(files.certificate, Privacy::kAnyMode);
  if (!certificate) return fail_with(certificate);
  // Secrets mounted into pods are readable by a group on purpose, so the mode of a given key is the operator's
  // business.
  Result<std::string> key = read_key_file(files.key, Privacy::kAnyMode);
  if (!key) return fail_with(key);
  Result<std::string> chain = files.chain.empty() ? std::string() : read_key_file(files.chain, Privacy::kAnyMode);
  if (!chain) return fail_with(chain);
  Result<std::string> roots = read_key_file(files.roots, Privacy::kAnyMode);
  if (!roots) return fail_with(roots);

  Result<Issuer> issuer = Issuer::from_pem({files.certificate, *certificate}, {files.key, *key});
  if (!issuer) return fail_with(issuer);
  if (Status dated = check_dates(issuer->validity(), files.certificate, now); !dated) return dated;
  Result<TrustBundle> bundle = TrustBundle::parse(*roots, files.roots);
  if (!bundle) return fail_with(bundle);
  const std::string between = after_first_certificate(*certificate) + *chain;
  // A leaf is verified rather than the issuer alone, so that path lengths and name constraints count as they will.
  Result<std::string> sample = issuer->sign_sample(
      {.identity = {options_.trust_domain, "sample", "sample"}, .dns_names = {}, .validity = issuer->validity()});
  if (!sample) return fail_with(sample);
  const Status verified = bundle->verify(*sample + issuer->certificate_pem(), between, now);
  if (!verified) {
    return fail(ErrorCode::kInvalidArgument,
                "what " + files.certificate + " signs would not be accepted under the roots in " + files.roots +
                    "; put the certificates between them into " + (files.chain.empty() ? "a chain file" : files.chain) +
                    ". " + verified.error().message);
  }
  Result<std::string> sent = chain_to_send(issuer->certificate_pem(), between, *bundle, files);
  if (!sent) return fail_with(sent);
  chain_pem_ = std::move(*sent);
  issuer_ = std::move(*issuer);
  bundle_ = std::move(*bundle);
  return {};
}

}  // namespace ripstop::control
