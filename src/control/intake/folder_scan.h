// Reads a folder of configuration: every *.yaml, *.yml and *.json below it, links followed, hidden names left out.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/intake/inotify_set.h"

namespace ripstop::control {

struct FolderLimits {
  size_t files = 20'000;
  size_t file_bytes = 8U << 20U;
  size_t total_bytes = 256U << 20U;
  size_t depth = 16;
};

struct FolderFile {
  std::string path;  // below the folder as the user gave it: "mesh.d/reviews/routes.yaml"
  std::string bytes;
  std::optional<std::string> complaint;  // why it could not be read; `bytes` is empty then
  bool operator==(const FolderFile&) const = default;
};

struct FolderContent {
  std::vector<FolderFile> files;  // by path
  bool operator==(const FolderContent&) const = default;
};

// Declares to `watches` everything the result depends on, before looking at it. kNotFound: there is no such folder;
// kTooLarge: a limit is exceeded. A single file that cannot be read is no error; it says so itself.
Result<FolderContent> scan_folder(const std::string& root, const FolderLimits& limits, InotifySet& watches);

}  // namespace ripstop::control
