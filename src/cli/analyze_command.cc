#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/manifest/collect.h"
#include "cli/output/findings.h"

namespace ripstop::cli {
namespace {

struct Options {
  std::vector<std::string> paths;
  bool is_complete = false;
  bool hides_notes = false;
};

int analyze(const Options& options, const Session& session) {
  const Result<std::vector<dialect::Source>> sources = collect_sources(options.paths, std::cin);
  if (!sources) return report_error(sources.error());
  dialect::ReadResult read = read_all(*sources);
  dialect::Surroundings surroundings;
  surroundings.is_complete = options.is_complete;
  dialect::Compiled compiled = dialect::compile(read.resources, model::MeshSettings{}, surroundings);
  model::Findings findings = std::move(read.findings);
  findings.insert(findings.end(), compiled.findings.begin(), compiled.findings.end());
  if (options.hides_notes) {
    std::erase_if(findings, [](const model::Finding& one) { return one.severity == model::Severity::kNote; });
  }
  const int status = model::has_error(findings) ? kExitFailed : kExitOk;
  if (session.format != Format::kTable) {
    const nlohmann::ordered_json document = {{"resources", read.resources.size()},
                                             {"findings", nlohmann::ordered_json::parse(findings_to_json(findings))}};
    fmt::print("{}", render_document(document.dump(), session.format));
    return status;
  }
  fmt::print("{}", render_findings(findings, texts_of(*sources), Palette{session.has_color}));
  const std::string summary = summarize_findings(findings);
  fmt::print("{} resource{}: {}\n", read.resources.size(), read.resources.size() == 1 ? "" : "s",
             summary.empty() ? "nothing found" : summary);
  return status;
}

}  // namespace

Action describe_analyze(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("-f,--filename", options->paths, "File, folder, or - for standard input; may be given again")
      ->required()
      ->type_name("PATH")
      ->take_all();
  app.add_flag("--complete", options->is_complete, "These files are the whole mesh: report every missing host");
  app.add_flag("--no-notes", options->hides_notes, "Errors and warnings only");
  app.footer(
      "Needs no control plane and judges exactly as it does. Exit status 1 when there is an error.\n"
      "\n"
      "Example:\n"
      "  ripstop analyze -f mesh/ -f extra.yaml");
  return [options](const Session& session) { return analyze(*options, session); };
}

}  // namespace ripstop::cli
