// The control plane as a process in the background.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/api/control_plane.h"
#include "cli/api/home.h"
#include "cli/system/process.h"

namespace ripstop::cli {

struct ControlStart {
  std::vector<std::string> config_folders;  // of YAML to follow; absolute
  std::string certificate_lifetime;         // "" for the control plane's default
  std::string trust_domain;
  std::string access_log;        // "" for the control plane's default
  std::string authority_folder;  // of a given CA; absolute, "" for the one of last time
  std::chrono::milliseconds patience = std::chrono::seconds(20);
};

// What `up` came to.
struct ControlStarted {
  ControlFile file;
  bool ran_already = false;
};

// Starts it and waits until it serves; does nothing when it runs already. kTimeout when it does not come up in time;
// errors hold the end of its log.
[[nodiscard]] Result<ControlStarted> start_control_plane(const Home& home, const ControlStart& start);

// True when it answers.
[[nodiscard]] bool is_serving(const Home& home);

// Its process, when the one that control.json names still is the control plane of this home.
[[nodiscard]] std::optional<ProcessName> control_process(const Home& home);

// The words of /proc/PID/cmdline: is this the control plane of the mesh in `home`?
[[nodiscard]] bool names_control_plane(std::string_view command_line, const std::string& home);

}  // namespace ripstop::cli
