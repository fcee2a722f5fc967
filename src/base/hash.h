// Content hashes: the same bytes give the same hash on every machine and in every release.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ripstop {

// XXH3, 64 bits: for tables and change detection of trusted bytes, not for cryptography.
[[nodiscard]] uint64_t content_hash(std::string_view bytes);

// The same with 128 bits as 32 hexadecimal digits: versions of xDS resources.
[[nodiscard]] std::string content_version(std::string_view bytes);

}  // namespace ripstop
