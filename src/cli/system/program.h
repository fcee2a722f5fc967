// Finding the programs that the command line starts.
#pragma once

#include <string>
#include <string_view>

namespace ripstop::cli {

// On PATH, then in the folders of system programs, which ordinary users often lack there; "" when it is nowhere.
[[nodiscard]] std::string find_program(std::string_view name);

// One of Ripstop's own programs: where the environment variable `override_name` says, beside the running program, or on
// PATH; "" when it is nowhere.
[[nodiscard]] std::string find_own_program(std::string_view name, const char* override_name);

}  // namespace ripstop::cli
