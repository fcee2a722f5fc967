// What the control plane answers with.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "base/result.h"

namespace ripstop::cli {

// A JSON object; kParse says where it is none. Answers may hold secrets, so nothing of theirs is quoted.
[[nodiscard]] Result<nlohmann::json> parse_answer(std::string_view text);

}  // namespace ripstop::cli
