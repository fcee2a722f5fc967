// One header or trailer line (RFC 9112 section 5).
#pragma once

#include <string_view>

#include "protocol/fault.h"
#include "protocol/fields.h"

namespace ripstop::protocol {

// Adds the line [begin, begin + size) of `buffer` to `fields`. The line is complete, not empty, without its CR LF, and
// holds no control byte but HTAB. `first` says that no field line came before it.
[[nodiscard]] Fault parse_field_line(std::string_view buffer, size_t begin, size_t size, bool first, Fields& fields);

}  // namespace ripstop::protocol
