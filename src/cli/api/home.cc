#include "cli/api/home.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace ripstop::cli {
namespace {

std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

std::string absolute(const std::string& path, const std::string& current_folder) {
  std::filesystem::path whole = path;
  if (whole.is_relative()) whole = std::filesystem::path(current_folder) / whole;
  std::string text = whole.lexically_normal().string();
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

}  // namespace

Result<Home> choose_home(const HomeVariables& variables) {
  const auto given = [](const std::optional<std::string>& value) { return value && !value->empty(); };
  if (given(variables.ripstop_home)) return Home{absolute(*variables.ripstop_home, variables.current_folder)};
  if (given(variables.state_home) && variables.state_home->front() == '/') {
    return Home{absolute(*variables.state_home + "/ripstop", variables.current_folder)};
  }
  if (given(variables.user_home)) {
    return Home{absolute(*variables.user_home + "/.local/state/ripstop", variables.current_folder)};
  }
  return fail(ErrorCode::kInvalidArgument, "there is no place for the mesh's state: set RIPSTOP_HOME or HOME");
}

Result<Home> find_home() {
  std::error_code failed;
  const std::string current = std::filesystem::current_path(failed).string();
  return choose_home({.ripstop_home = variable("RIPSTOP_HOME"),
                      .state_home = variable("XDG_STATE_HOME"),
                      .user_home = variable("HOME"),
                      .current_folder = current});
}

Status make_private_folder(const std::string& path) {
  std::error_code failed;
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  std::filesystem::create_directories(parent, failed);
  if (failed) return fail_errno("cannot make the folder " + parent.string(), failed.value());
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno("cannot make the folder " + path, errno);
  return {};
}

}  // namespace ripstop::cli
