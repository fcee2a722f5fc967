#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/api/control_plane.h"
#include "cli/command.h"
#include "cli/manifest/collect.h"
#include "cli/manifest/resource_query.h"

namespace ripstop::cli {
namespace {

struct Options {
  std::string kind;
  std::string name;
  std::string ns = "default";
  std::vector<std::string> paths;
  bool ignores_missing = false;
};

struct Target {
  std::string kind;
  std::string ns;
  std::string name;
};

int wrong(const std::string& text) {
  fmt::print(stderr, "ripstop: {}\nSee `ripstop delete --help`.\n", text);
  return kExitUsage;
}

Result<std::vector<Target>> targets_of(const Options& options) {
  std::vector<Target> targets;
  if (!options.kind.empty()) {
    Result<std::string> kind = resolve_kind(options.kind);
    if (!kind) return fail_with(kind);
    targets.push_back({std::move(*kind), options.ns, options.name});
    return targets;
  }
  const Result<std::vector<dialect::Source>> sources = collect_sources(options.paths, std::cin);
  if (!sources) return std::unexpected(sources.error());
  for (const dialect::Resource& resource : read_all(*sources).resources) {
    targets.push_back({resource.kind, resource.ns, resource.name});
  }
  if (targets.empty()) return fail(ErrorCode::kInvalidArgument, "the files hold no resource that could be deleted");
  return targets;
}

int remove(const Options& options, const Session& session) {
  if (options.kind.empty() == options.paths.empty()) return wrong("give either KIND NAME or -f");
  if (!options.kind.empty() && options.name.empty()) return wrong("give the name of what to delete");
  const Result<std::vector<Target>> targets = targets_of(options);
  if (!targets) return (void)report_error(targets.error()), kExitUsage;
  const Result<ControlPlane> control_plane = ControlPlane::open(session.home);
  if (!control_plane) return report_error(control_plane.error());
  int status = kExitOk;
  nlohmann::ordered_json deleted = nlohmann::ordered_json::array();
  for (const Target& target : *targets) {
    const Result<std::string> answer =
        control_plane->call("DELETE", resource_path(target.kind, target.ns, target.name));
    if (answer) {
      deleted.push_back({{"kind", target.kind}, {"namespace", target.ns}, {"name", target.name}});
      if (session.format == Format::kTable) fmt::print("{} {}/{} deleted\n", target.kind, target.ns, target.name);
      continue;
    }
    const bool is_missing = answer.error().code == ErrorCode::kNotFound;
    if (is_missing && options.ignores_missing) continue;
    status = report_error(is_missing ? not_found(*control_plane, target.kind, target.ns, target.name) : answer.error());
  }
  if (session.format != Format::kTable) {
    fmt::print("{}", render_document(nlohmann::ordered_json{{"deleted", deleted}}.dump(), session.format));
  }
  return status;
}

}  // namespace

Action describe_delete(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("kind", options->kind, "Kind, also its plural or short name")->type_name("KIND");
  app.add_option("name", options->name, "Name")->type_name("NAME");
  app.add_option("-n,--namespace", options->ns, "Namespace")->type_name("NS")->capture_default_str();
  app.add_option("-f,--filename", options->paths, "Everything in this file or folder, or - for standard input")
      ->type_name("PATH")
      ->take_all();
  app.add_flag("--ignore-not-found", options->ignores_missing, "It may be gone already");
  app.footer(
      "Example:\n"
      "  ripstop delete virtualservice reviews\n"
      "  ripstop delete -f mesh/");
  return [options](const Session& session) { return remove(*options, session); };
}

}  // namespace ripstop::cli
