#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/api/control_process.h"
#include "cli/command.h"
#include "cli/version.h"

namespace ripstop::cli {
namespace {

int version(const Session& session) {
  std::string control_version;
  if (is_serving(session.home)) {
    if (const auto file = read_control_file(session.home)) control_version = file->version;
  }
  if (session.format != Format::kTable) {
    nlohmann::ordered_json document = {{"ripstop", kVersion}, {"control_plane", nullptr}};
    if (!control_version.empty()) document["control_plane"] = control_version;
    fmt::print("{}", render_document(document.dump(), session.format));
    return kExitOk;
  }
  fmt::print("ripstop {}\n", kVersion);
  fmt::print("control plane {}\n", control_version.empty() ? "not running" : control_version);
  return kExitOk;
}

}  // namespace

Action describe_version(CLI::App& app) {
  app.footer("Example:\n  ripstop version --output json");
  return [](const Session& session) { return version(session); };
}

}  // namespace ripstop::cli
