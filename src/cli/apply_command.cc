#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/api/answer.h"
#include "cli/api/control_plane.h"
#include "cli/command.h"
#include "cli/manifest/collect.h"
#include "cli/output/findings.h"

namespace ripstop::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::vector<std::string> paths;
  std::string ns = "default";
  bool is_dry_run = false;
};

std::string request_of(const std::vector<dialect::Source>& sources, const Options& options) {
  Json documents = Json::array();
  for (const dialect::Source& source : sources) documents.push_back({{"file", source.file}, {"text", source.text}});
  const Json request = {{"documents", documents}, {"dry_run", options.is_dry_run}, {"default_namespace", options.ns}};
  return request.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string title_of(const Json& result) {
  const std::string ns = result.value("namespace", "");
  return fmt::format("{} {}{}{}", result.value("kind", "?"), ns, ns.empty() ? "" : "/", result.value("name", "?"));
}

int print_outcome(const Json& answer, const SourceTexts& texts, const Options& options, const Session& session) {
  const Json results = answer.value("results", Json::array());
  const Result<model::Findings> findings = findings_from_json(answer.value("findings", Json::array()).dump());
  if (!findings) return report_error(findings.error());
  bool was_refused = model::has_error(*findings);
  for (const Json& result : results) was_refused = was_refused || result.value("outcome", "") == "refused";
  const int status = was_refused ? kExitFailed : kExitOk;
  if (session.format != Format::kTable) {
    fmt::print("{}", render_document(answer.dump(), session.format));
    return status;
  }
  const Palette palette{session.has_color};
  fmt::print(stderr, "{}", render_findings(*findings, texts, Palette{session.has_error_color}));
  for (const Json& result : results) {
    const std::string outcome = result.value("outcome", "");
    fmt::print("{} {}{}\n", title_of(result), outcome == "refused" ? palette.red(outcome) : palette.green(outcome),
               options.is_dry_run ? " (dry run)" : "");
  }
  if (results.empty() && findings->empty()) fmt::print("There was nothing to apply\n");
  return status;
}

int apply(const Options& options, const Session& session) {
  const Result<std::vector<dialect::Source>> sources = collect_sources(options.paths, std::cin);
  if (!sources) return report_error(sources.error());
  const Result<ControlPlane> control_plane = ControlPlane::open(session.home);
  if (!control_plane) return report_error(control_plane.error());
  const Result<std::string> answer = control_plane->call("POST", "/v1/apply", request_of(*sources, options));
  if (!answer) return report_error(answer.error());
  const Json parsed = Json::parse(*answer, nullptr, false);
  if (!parsed.is_object()) return report_error(not_an_object(*answer));
  return print_outcome(parsed, texts_of(*sources), options, session);
}

}  // namespace

Action describe_apply(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("-f,--filename", options->paths, "File, folder, or - for standard input; may be given again")
      ->required()
      ->type_name("PATH")
      ->take_all();
  app.add_option("-n,--namespace", options->ns, "For resources that name none")->type_name("NS")->capture_default_str();
  app.add_flag("--dry-run", options->is_dry_run, "Only say what would come of it");
  app.footer(
      "A resource with an error in it is refused whole and the last good one stays; the others are taken. Exit\n"
      "status 1 when one was refused.\n"
      "\n"
      "Example:\n"
      "  ripstop apply -f mesh/\n"
      "  generate | ripstop apply -f -");
  return [options](const Session& session) { return apply(*options, session); };
}

}  // namespace ripstop::cli
