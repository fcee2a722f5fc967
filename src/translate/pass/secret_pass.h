// Pass: the trust bundle as a secret. Certificates and keys never pass through translation.
#pragma once

#include <string>

#include "model/tls.h"

namespace ripstop::translate {

struct SecretInput {
  std::string trusted_roots_pem;
};

// Secret "ROOTCA".
[[nodiscard]] model::Secret make_roots_secret(const SecretInput& input);

}  // namespace ripstop::translate
