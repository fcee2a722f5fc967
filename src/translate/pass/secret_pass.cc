#include "translate/pass/secret_pass.h"

#include "translate/names.h"

namespace ripstop::translate {

model::Secret make_roots_secret(const SecretInput& input) {
  model::Secret secret;
  secret.name = kTrustedRoots;
  secret.trusted_roots_pem = input.trusted_roots_pem;
  return secret;
}

}  // namespace ripstop::translate
