// The version of the command line; the same as the project's in CMakeLists.txt.
#pragma once

namespace ripstop::cli {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace ripstop::cli
