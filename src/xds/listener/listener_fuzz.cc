#include <cstddef>
#include <cstdint>

#include "xds/decode.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  (void)ripstop::xds::decode_listener({reinterpret_cast<const char*>(data), size});
  return 0;
}
