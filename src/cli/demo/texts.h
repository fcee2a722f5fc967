// The texts of demo/yaml, which are part of the program.
#pragma once

#include <string_view>

namespace ripstop::cli::demo {

// `file` is a name in that folder, "75-25.yaml"; empty for a name that is not there.
[[nodiscard]] std::string_view text_named(std::string_view file);

}  // namespace ripstop::cli::demo
