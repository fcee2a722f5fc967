// From argv to a command's exit status: parsing, help, suggestions for what was mistyped.
#pragma once

namespace ripstop::cli {

[[nodiscard]] int run_command_line(int argument_count, char** arguments);

}  // namespace ripstop::cli
