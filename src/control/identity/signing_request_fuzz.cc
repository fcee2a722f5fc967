#include <cstdint>
#include <string>
#include <string_view>

#include "base/text.h"
#include "control/identity/signing_request.h"

// Each input is tried as PEM text and as the DER inside a PEM block, so that the fuzzer gets past the armour.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using ripstop::control::SigningRequest;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  (void)SigningRequest::parse(text);
  std::string armoured = "-----BEGIN CERTIFICATE REQUEST-----\n";
  const std::string base64 = ripstop::to_base64(text);
  for (size_t at = 0; at < base64.size(); at += 64) armoured += base64.substr(at, 64) + "\n";
  armoured += "-----END CERTIFICATE REQUEST-----\n";
  (void)SigningRequest::parse(armoured);
  return 0;
}
