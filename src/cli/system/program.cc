#include "cli/system/program.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "base/text.h"

namespace ripstop::cli {
namespace {

bool is_program(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored) && access(path.c_str(), X_OK) == 0;
}

}  // namespace

std::string find_program(std::string_view name) {
  const char* path = std::getenv("PATH");
  const std::string folders =
      std::string(path != nullptr ? path : "/usr/bin:/bin") + ":/usr/local/sbin:/usr/sbin:/sbin";
  for (const std::string_view folder : split(folders, ':')) {
    if (folder.empty()) continue;
    std::string candidate = std::string(folder) + "/" + std::string(name);
    if (is_program(candidate)) return candidate;
  }
  return {};
}

std::string find_own_program(std::string_view name, const char* override_name) {
  if (const char* chosen = std::getenv(override_name); chosen != nullptr && *chosen != '\0') {
    return is_program(chosen) ? chosen : std::string();
  }
  std::error_code failed;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", failed);
  if (!failed) {
    std::string beside = (self.parent_path() / name).string();
    if (is_program(beside)) return beside;
  }
  return find_program(name);
}

}  // namespace ripstop::cli
