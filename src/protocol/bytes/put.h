// Appending to a caller's buffer that is known to be large enough.
#pragma once

#include <cstring>
#include <string_view>

namespace ripstop::protocol {

// Returns the end of what was written.
inline char* put(char* out, std::string_view text) {
  // An empty view may have no address, which memcpy forbids.
  if (!text.empty()) std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

}  // namespace ripstop::protocol
