#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/api/answer.h"
#include "cli/api/control_plane.h"
#include "cli/command.h"
#include "cli/manifest/resource_query.h"
#include "cli/output/table.h"

namespace ripstop::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string kind;
  std::string name;
  std::string ns;
};

int print_list(const std::string& answer, const Session& session) {
  if (session.format != Format::kTable) {
    fmt::print("{}", render_document(answer, session.format));
    return kExitOk;
  }
  const Json parsed = Json::parse(answer, nullptr, false);
  if (!parsed.is_object()) return report_error(not_an_object(answer));
  Table table({"KIND", "NAMESPACE", "NAME", "REVISION", "FILE"});
  for (const Json& one : parsed.value("resources", Json::array())) {
    const Json revision = one.value("revision", Json());
    table.add({one.value("kind", ""), one.value("namespace", ""), one.value("name", ""),
               revision.is_null() ? "" : revision.dump(), one.value("file", "")});
  }
  if (table.is_empty()) fmt::print(stderr, "There is none\n");
  fmt::print("{}", table.render(Palette{session.has_color}));
  return kExitOk;
}

// One resource is shown as it was written; that is what one would edit and apply again.
int print_one(const std::string& answer, const Session& session) {
  const Json parsed = Json::parse(answer, nullptr, false);
  if (session.format == Format::kJson || !parsed.is_object()) {
    fmt::print("{}", render_document(answer, session.format));
    return kExitOk;
  }
  const std::string text = parsed.value("text", "");
  fmt::print("{}{}", text, text.ends_with('\n') ? "" : "\n");
  return kExitOk;
}

int get(const Options& options, const Session& session) {
  std::string kind;
  if (!options.kind.empty()) {
    Result<std::string> resolved = resolve_kind(options.kind);
    if (!resolved) return (void)report_error(resolved.error()), kExitUsage;
    kind = std::move(*resolved);
  }
  const Result<ControlPlane> control_plane = ControlPlane::open(session.home);
  if (!control_plane) return report_error(control_plane.error());
  if (!options.name.empty()) {
    const std::string ns = options.ns.empty() ? "default" : options.ns;
    const Result<std::string> answer = control_plane->call("GET", resource_path(kind, ns, options.name));
    if (answer) return print_one(*answer, session);
    if (answer.error().code != ErrorCode::kNotFound) return report_error(answer.error());
    return report_error(not_found(*control_plane, kind, ns, options.name));
  }
  std::string target = "/v1/resources?";
  if (!kind.empty()) target += "kind=" + percent_encoded(kind) + "&";
  if (!options.ns.empty()) target += "namespace=" + percent_encoded(options.ns) + "&";
  target.pop_back();
  const Result<std::string> answer = control_plane->call("GET", target);
  if (!answer) return report_error(answer.error());
  return print_list(*answer, session);
}

}  // namespace

Action describe_get(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("kind", options->kind, "Kind, also its plural or short name")->type_name("KIND");
  app.add_option("name", options->name, "Only this one, as it was written")->type_name("NAME");
  app.add_option("-n,--namespace", options->ns, "Namespace (default: all; for one by name: default)")->type_name("NS");
  app.footer(
      "Example:\n"
      "  ripstop get\n"
      "  ripstop get vs reviews --output yaml");
  return [options](const Session& session) { return get(*options, session); };
}

}  // namespace ripstop::cli
