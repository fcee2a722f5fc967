#include "translate/fingerprint.h"

#include <array>
#include <bit>
#include <cstring>

#include "base/hash.h"

namespace ripstop::translate {

std::string Fingerprint::digest() const {
  return content_version(bytes_);
}

void Fingerprint::add_number(uint64_t value) {
  if constexpr (std::endian::native == std::endian::big) value = std::byteswap(value);
  std::array<char, sizeof value> raw;
  std::memcpy(raw.data(), &value, sizeof value);
  bytes_.append(raw.data(), raw.size());
}

void Fingerprint::add_text(std::string_view text) {
  add_number(text.size());
  bytes_.append(text);
}

}  // namespace ripstop::translate
