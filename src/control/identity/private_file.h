// Files that hold keys: whole and synced, or not there; never readable by others.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ripstop::control {

// Makes the folder (mode 0700) when it is missing; one that others may enter is an error.
Status make_private_folder(const std::string& path);

// Replaces `path` in one step (write beside it, sync, rename, sync the folder) with mode 0600.
Status write_private_file(const std::string& path, std::string_view bytes);

enum class Privacy : uint8_t { kOwnerOnly, kAnyMode };

// At most one megabyte. kOwnerOnly refuses a file that its group or others may read.
Result<std::string> read_key_file(const std::string& path, Privacy privacy);

}  // namespace ripstop::control
