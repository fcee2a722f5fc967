// Join tokens: what a machine shows, once or a few times, to be given its identity.
//
// A token is a public number that finds its row and a secret of 256 random bits; the store keeps only SHA-256 of the
// secret. Whoever has the token may become that one identity until it expires, is used up or is revoked.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "control/store/token_table.h"
#include "model/identity.h"

namespace ripstop::control {

struct IssuedToken {
  std::string text;  // "ripstop-" and base64url; a secret, shown once and never logged
  std::string id;    // for revoke()
};

Result<IssuedToken> issue_token(TokenTable tokens, const model::Identity& identity, std::chrono::seconds lifetime,
                                uint32_t uses, WallTime now);

// Takes one use and says who the bearer may be. kUnauthenticated: not a token of this mesh (without saying what is
// wrong with it). kPermissionDenied: expired or used up. The secret is compared in constant time.
Result<model::Identity> redeem_token(TokenTable tokens, std::string_view text, WallTime now);

}  // namespace ripstop::control
