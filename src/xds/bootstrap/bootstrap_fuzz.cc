#include <cstddef>
#include <cstdint>
#include <string>

#include "xds/bootstrap.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)ripstop::xds::decode_bootstrap(text);
  // Not through compile_bootstrap for texts that name files: the fuzzer has no business reading them.
  if (text.find("filename") == std::string_view::npos) (void)ripstop::xds::compile_bootstrap(text, "fuzz");
  return 0;
}
