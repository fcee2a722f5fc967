#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/api/control_process.h"
#include "cli/command.h"
#include "cli/run/run_folder.h"

namespace ripstop::cli {
namespace {

constexpr auto kMemberPatience = std::chrono::seconds(10);
constexpr auto kControlPatience = std::chrono::seconds(10);

int down(const Session& session) {
  std::vector<ProcessName> members;
  for (const RunningMember& member : list_members(session.home)) {
    if (member.is_alive) members.push_back({member.record.supervisor, member.record.start_time});
  }
  // Members first: they take leave of the control plane.
  if (Status ended = end_processes(members, kMemberPatience); !ended) return report_error(ended.error());
  if (const auto control_plane = ControlPlane::open(session.home)) sweep_dead_members(session.home, *control_plane);
  const auto control = control_process(session.home);
  if (control) {
    if (Status ended = end_processes({*control}, kControlPatience); !ended) return report_error(ended.error());
  }
  if (session.format != Format::kTable) {
    const nlohmann::ordered_json document = {
        {"home", session.home.path}, {"members", members.size()}, {"control_plane", control.has_value()}};
    fmt::print("{}", render_document(document.dump(), session.format));
  } else if (!control && members.empty()) {
    fmt::print("Nothing ran for the mesh in {}\n", session.home.path);
  } else {
    fmt::print("Stopped {}{} member{}\n", control ? "the control plane and " : "", members.size(),
               members.size() == 1 ? "" : "s");
  }
  return kExitOk;
}

}  // namespace

Action describe_down(CLI::App& app) {
  app.footer(
      "Configuration and identities stay in $RIPSTOP_HOME; `ripstop up` goes on from there.\n"
      "\n"
      "Example:\n"
      "  ripstop down");
  return [](const Session& session) { return down(session); };
}

}  // namespace ripstop::cli
