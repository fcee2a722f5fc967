#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "control/store/workload_text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace ripstop::control;
  const auto read = workload_from_json({reinterpret_cast<const char*>(bytes), size});
  if (!read) return 0;
  const std::string text = to_json(*read);
  const auto again = workload_from_json(text);
  if (!again || to_json(*again) != text) std::abort();
  return 0;
}
