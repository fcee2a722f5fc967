// The folder that holds all of one mesh. Two meshes have two.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace ripstop::cli {

struct Home {
  std::string path;  // absolute, without a slash at the end

  [[nodiscard]] std::string control_file() const { return path + "/control.json"; }
  [[nodiscard]] std::string control_log() const { return path + "/control.log"; }
  [[nodiscard]] std::string members() const { return path + "/run"; }
};

struct HomeVariables {
  std::optional<std::string> ripstop_home;
  std::optional<std::string> state_home;  // XDG_STATE_HOME
  std::optional<std::string> user_home;   // HOME
  std::string current_folder;
};

// $RIPSTOP_HOME, else $XDG_STATE_HOME/ripstop, else ~/.local/state/ripstop. Empty variables count as unset, and a
// relative XDG_STATE_HOME too (XDG Base Directory specification).
[[nodiscard]] Result<Home> choose_home(const HomeVariables& variables);
// The same from the environment.
[[nodiscard]] Result<Home> find_home();

// Makes the folder and its parents, for the user alone.
Status make_private_folder(const std::string& path);

}  // namespace ripstop::cli
