// A certificate authority's certificate with its private key: a root, or an intermediate that signs leaves.
//
// The key stays inside; the only way out is save(), into a file of mode 0600. Immutable, usable from one thread at a
// time. Certificates are X.509 v3 by RFC 5280 and follow SPIFFE's X509-SVID.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "control/identity/signing_request.h"
#include "model/identity.h"

namespace ripstop::control {

struct Validity {
  WallTime from;
  WallTime until;  // from this second on peers take it for expired
};

class Issuer {
 public:
  // A root that signs itself. `organization` is the trust domain.
  static Result<Issuer> make_root(const std::string& organization, const std::string& common_name, Validity validity);
  // One file with a certificate and its key, as save() writes them. Errors name the file.
  static Result<Issuer> load(const std::string& path);
  // The first certificate of `certificate_pem` with `key_pem`; the file names are for the errors.
  struct Source {
    std::string file;
    std::string pem;
  };
  static Result<Issuer> from_pem(const Source& certificate, const Source& key);

  Issuer(Issuer&&) noexcept;
  Issuer& operator=(Issuer&&) noexcept;
  ~Issuer();

  // Signs a new intermediate with a new key, which may sign leaves only (path length 0).
  [[nodiscard]] Result<Issuer> make_intermediate(const std::string& common_name, Validity validity) const;

  // A leaf for the request's key, as PEM. Subject empty, SAN critical, random 128-bit serial number.
  struct Leaf {
    model::Identity identity;
    std::vector<std::string> dns_names;
    Validity validity;
  };
  [[nodiscard]] Result<std::string> sign(const SigningRequest& request, const Leaf& leaf) const;

  // The same for a key that is thrown away at once: to see whether peers would accept what this issuer signs.
  [[nodiscard]] Result<std::string> sign_sample(const Leaf& leaf) const;

  // Certificate and key in one private file, replaced in one step.
  [[nodiscard]] Status save(const std::string& path) const;

  [[nodiscard]] const std::string& certificate_pem() const { return certificate_pem_; }
  [[nodiscard]] const Validity& validity() const { return validity_; }

 private:
  struct Keys;
  explicit Issuer(std::unique_ptr<Keys> keys);
  static Result<Issuer> finish(std::unique_ptr<Keys> keys);
  [[nodiscard]] Result<std::string> sign_key(evp_pkey_st* key, const Leaf& leaf) const;

  std::unique_ptr<Keys> keys_;
  std::string certificate_pem_;
  Validity validity_;
};

}  // namespace ripstop::control
