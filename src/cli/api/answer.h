// What the control plane answers with.
#pragma once

#include <string_view>

#include "base/result.h"

namespace ripstop::cli {

// Why an answer that should be a JSON object is none: kParse says where it stops being JSON. Answers may hold secrets,
// so nothing of theirs is quoted.
[[nodiscard]] Error not_an_object(std::string_view text);

}  // namespace ripstop::cli
