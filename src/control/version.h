// The release, as CMakeLists.txt has it.
#pragma once

namespace ripstop::control {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace ripstop::control
