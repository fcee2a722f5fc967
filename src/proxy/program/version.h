// The release, as CMakeLists.txt has it.
#pragma once

namespace ripstop::proxy {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace ripstop::proxy
