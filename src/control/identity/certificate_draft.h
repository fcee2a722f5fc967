// A certificate before it is signed. Included from .cc files only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "control/identity/handles.h"
#include "control/identity/issuer.h"

namespace ripstop::control {

// Steps keep the first failure, so a draft is written as one list and checked once, by sign().
class CertificateDraft {
 public:
  // Version 3, a random 128-bit serial number, `key` as the subject's.
  CertificateDraft(EVP_PKEY* key, Validity validity);

  void set_subject(const std::string& organization, const std::string& common_name);
  // In the syntax of AWS-LC's configuration files; only constant texts may be passed, never outside input.
  void add_extension(int nid, const char* value);
  void add_alternative_names(const std::string& uri, const std::vector<std::string>& dns_names);

  // Null `issuer`: signed by itself. Adds both key identifiers last.
  Result<CertificateHandle> sign(X509* issuer, EVP_PKEY* issuer_key);

 private:
  void require(bool did_work) { is_good_ = is_good_ && did_work; }
  void set_serial_number();

  CertificateHandle certificate_;
  X509* issuer_ = nullptr;
  bool is_good_ = true;
};

[[nodiscard]] Result<KeyHandle> make_p256_key();
[[nodiscard]] WallTime to_wall_time(const ASN1_TIME* time);

}  // namespace ripstop::control
