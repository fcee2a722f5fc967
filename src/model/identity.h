// SPIFFE identities as the mesh writes them: spiffe://<trust domain>/ns/<namespace>/sa/<service account>.
// Follows the SPIFFE-ID standard's grammar (trust domain lower case, no port, no userinfo, no query, no dot segments).
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ripstop::model {

struct Identity {
  std::string trust_domain;
  std::string ns;
  std::string service_account;

  // Strict: anything but the three-part form above is an error that says which part is wrong.
  static Result<Identity> parse(std::string_view spiffe_id);
  [[nodiscard]] std::string to_string() const;
  auto operator<=>(const Identity&) const = default;
};

}  // namespace ripstop::model
