#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/api/control_process.h"
#include "cli/choice.h"
#include "cli/command.h"

namespace ripstop::cli {
namespace {

int up(ControlStart start, const Session& session) {
  // The control plane does not run where the user stands.
  for (std::string& folder : start.config_folders) {
    folder = std::filesystem::absolute(folder).lexically_normal().string();
  }
  if (!start.authority_folder.empty()) {
    start.authority_folder = std::filesystem::absolute(start.authority_folder).lexically_normal().string();
  }
  const Result<ControlStarted> started = start_control_plane(session.home, start);
  if (!started) return report_error(started.error());
  if (session.format == Format::kTable) {
    fmt::print("{} for the mesh in {}\n",
               started->ran_already ? "The control plane runs already" : "The control plane is up", session.home.path);
    return kExitOk;
  }
  const nlohmann::ordered_json document = {{"home", session.home.path},
                                           {"pid", started->file.process},
                                           {"version", started->file.version},
                                           {"api_address", started->file.api_address.to_string()},
                                           {"xds_address", started->file.xds_address.to_string()},
                                           {"trust_domain", started->file.trust_domain},
                                           {"ran_already", started->ran_already}};
  fmt::print("{}", render_document(document.dump(), session.format));
  return kExitOk;
}

}  // namespace

Action describe_up(CLI::App& app) {
  auto start = std::make_shared<ControlStart>();
  app.add_option("--config-dir", start->config_folders, "Folder of YAML to follow (GitOps); may be repeated")
      ->type_name("DIR")
      ->check(CLI::ExistingDirectory.description(""));
  app.add_option("--certificate-lifetime", start->certificate_lifetime, "Of members' certificates, such as 24h or 90s")
      ->type_name("DURATION");
  app.add_option("--trust-domain", start->trust_domain, "Of a new mesh's identities")->type_name("NAME");
  app.add_option("--ca-dir", start->authority_folder,
                 "Folder of a CA to sign with, as in Istio's secret cacerts: ca-cert.pem, ca-key.pem, root-cert.pem, "
                 "cert-chain.pem (default: self-made)")
      ->type_name("DIR")
      ->check(CLI::ExistingDirectory.description(""));
  app.add_option("--access-log", start->access_log, "Of every member's proxy, in its proxy.log: off, text or json")
      ->type_name("FORMAT")
      ->check(one_of({"off", "text", "json"}));
  app.footer(
      "Runs in the background until `ripstop down`; does nothing when it runs already. Its log is control.log in\n"
      "$RIPSTOP_HOME.\n"
      "\n"
      "Example:\n"
      "  RIPSTOP_HOME=/tmp/second ripstop up --config-dir ./mesh");
  return [start](const Session& session) { return up(*start, session); };
}

}  // namespace ripstop::cli
