#include "control/identity/handles.h"

namespace ripstop::control {

std::unexpected<Error> fail_crypto(ErrorCode code, std::string_view what) {
  std::string message(what);
  // Reasons are constant texts of the library, so no key material can get into a message by them.
  if (const uint32_t packed = ERR_peek_last_error(); packed != 0) {
    const char* reason = ERR_reason_error_string(packed);
    if (reason != nullptr) message += std::string(" (") + reason + ")";
  }
  ERR_clear_error();
  return fail(code, std::move(message));
}

std::string contents(BIO* memory) {
  const uint8_t* begin = nullptr;
  size_t size = 0;
  if (BIO_mem_contents(memory, &begin, &size) != 1) return {};
  return {reinterpret_cast<const char*>(begin), size};
}

std::string to_pem(X509* certificate) {
  const BioHandle out(BIO_new(BIO_s_mem()));
  if (out == nullptr || PEM_write_bio_X509(out.get(), certificate) != 1) return {};
  return contents(out.get());
}

}  // namespace ripstop::control
