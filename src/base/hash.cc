#define XXH_INLINE_ALL
#include "base/hash.h"

#include <xxhash.h>

#include "base/text.h"

namespace ripstop {

uint64_t content_hash(std::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::string content_version(std::string_view bytes) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.data(), bytes.size()));
  return to_hex({reinterpret_cast<const char*>(canonical.digest), sizeof canonical.digest});
}

}  // namespace ripstop
