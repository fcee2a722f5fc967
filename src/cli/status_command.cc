#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/api/answer.h"
#include "cli/api/control_plane.h"
#include "cli/command.h"
#include "cli/output/findings.h"
#include "cli/output/table.h"

namespace ripstop::cli {
namespace {

using Json = nlohmann::ordered_json;

// "synced", "pending CDS, EDS", "refused RDS" or "-" for a proxy without a stream.
std::string sync_state(const Json& proxy, const Palette& palette) {
  if (!proxy.value("connected", false)) return palette.yellow("not connected");
  std::vector<std::string> pending;
  std::vector<std::string> refused;
  for (const auto& [type, state] : proxy.value("types", Json::object()).items()) {
    const Json nack = state.value("nack", Json());
    if (nack.is_string() && !nack.get_ref<const std::string&>().empty()) refused.push_back(type);
    if (state.value("sent", Json()) != state.value("acked", Json())) pending.push_back(type);
  }
  if (!refused.empty()) return palette.red("refused " + join(refused, ", "));
  if (!pending.empty()) return palette.yellow("pending " + join(pending, ", "));
  return palette.green("synced");
}

std::string ports_of(const Json& workload) {
  std::vector<std::string> ports;
  for (const Json& port : workload.value("ports", Json::array())) ports.push_back(port.value("port", Json(0)).dump());
  return join(ports, ",");
}

std::string version_of(const Json& workload) {
  return workload.value("labels", Json::object()).value("version", "");
}

struct Answers {
  Json health;
  Json workloads;
  Json proxies;
  Json diagnostics;
};

Result<Json> ask(const ControlPlane& control_plane, const char* target) {
  const Result<std::string> answer = control_plane.call("GET", target);
  if (!answer) return std::unexpected(answer.error());
  Json parsed = Json::parse(*answer, nullptr, false);
  if (!parsed.is_object()) return std::unexpected(not_an_object(*answer));
  return parsed;
}

Result<Answers> ask_all(const ControlPlane& control_plane) {
  Answers answers;
  const std::pair<const char*, Json*> questions[] = {{"/v1/health", &answers.health},
                                                     {"/v1/workloads", &answers.workloads},
                                                     {"/v1/proxies", &answers.proxies},
                                                     {"/v1/diagnostics", &answers.diagnostics}};
  for (const auto& [target, into] : questions) {
    Result<Json> answer = ask(control_plane, target);
    if (!answer) return fail_with(answer);
    *into = std::move(*answer);
  }
  return answers;
}

void print_tables(const Answers& answers, const ControlPlane& control_plane, const Session& session) {
  const Palette palette{session.has_color};
  const ControlFile& file = control_plane.file();
  fmt::print("Control plane {} (version {}, pid {}), revision {}\n", palette.green("up"), file.version, file.process,
             answers.health.value("revision", Json(0)).dump());
  fmt::print("  home {}, API {}, xDS {}, trust domain {}\n", session.home.path, file.api_address.to_string(),
             file.xds_address.to_string(), file.trust_domain);
  std::map<std::string, Json> proxies;
  for (const Json& proxy : answers.proxies.value("proxies", Json::array())) proxies[proxy.value("id", "")] = proxy;
  Table table({"MEMBER", "NAMESPACE", "SERVICE", "VERSION", "ACCOUNT", "PORTS", "READY", "PROXY", "PID"});
  for (const Json& workload : answers.workloads.value("workloads", Json::array())) {
    const std::string id = workload.value("id", "");
    const bool is_ready = workload.value("ready", false);
    const auto proxy = proxies.find(id);
    table.add({id, workload.value("namespace", ""), workload.value("service", ""), version_of(workload),
               workload.value("service_account", ""), ports_of(workload),
               is_ready ? palette.green("yes") : palette.yellow("no"),
               sync_state(proxy == proxies.end() ? Json::object() : proxy->second, palette),
               workload.value("pid", Json(0)).dump()});
  }
  fmt::print("{}{}", table.is_empty() ? "No members; `ripstop run` starts one\n" : "\n", table.render(palette));
  const Result<model::Findings> findings =
      findings_from_json(answers.diagnostics.value("findings", Json::array()).dump());
  if (findings && !findings->empty()) fmt::print("\n{}", render_findings(*findings, {}, palette));
}

int status(const Session& session) {
  const Result<ControlPlane> control_plane = ControlPlane::open(session.home);
  if (!control_plane) return report_error(control_plane.error());
  const Result<Answers> answers = ask_all(*control_plane);
  if (!answers) return report_error(answers.error());
  if (session.format == Format::kTable) {
    print_tables(*answers, *control_plane, session);
    return kExitOk;
  }
  Json document = {{"home", session.home.path}, {"control_plane", answers->health}};
  document["workloads"] = answers->workloads.value("workloads", Json::array());
  document["proxies"] = answers->proxies.value("proxies", Json::array());
  document["findings"] = answers->diagnostics.value("findings", Json::array());
  fmt::print("{}", render_document(document.dump(), session.format));
  return kExitOk;
}

}  // namespace

Action describe_status(CLI::App& app) {
  app.footer(
      "Exit status 3 when no control plane answers.\n"
      "\n"
      "Example:\n"
      "  ripstop status\n"
      "  ripstop status --output json");
  return [](const Session& session) { return status(session); };
}

}  // namespace ripstop::cli
