// HTTP-version of a start line (RFC 9112 section 2.3): case-sensitive, one digit either side of the dot.
#pragma once

#include <string_view>

#include "protocol/byte_class.h"
#include "protocol/fault.h"
#include "protocol/head.h"

namespace ripstop::protocol {

[[nodiscard]] inline Fault parse_version(std::string_view text, Version& version) {
  const bool well_formed =
      text.size() == 8 && text.starts_with("HTTP/") && kDigit.has(text[5]) && text[6] == '.' && kDigit.has(text[7]);
  if (!well_formed) return Fault::kVersionSyntax;
  if (text[5] != '1' || text[7] > '1') return Fault::kVersionUnsupported;
  version = text[7] == '1' ? Version::kHttp11 : Version::kHttp10;
  return Fault::kNone;
}

}  // namespace ripstop::protocol
