#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <utility>

#include "base/text.h"
#include "cli/command.h"
#include "cli/run/supervisor.h"
#include "dialect/names.h"

namespace ripstop::cli {
namespace {

struct Options {
  std::string name;
  std::vector<uint16_t> ports;
  std::vector<std::string> labels;
  std::string ns = "default";
  std::string service_account = "default";
  unsigned start_timeout = 30;
};

int wrong(const std::string& text) {
  fmt::print(stderr, "ripstop: {}\nSee `ripstop run --help`.\n", text);
  return kExitUsage;
}

// What is wrong with the words, or "".
std::string check(const Options& options, const Session& session) {
  for (const std::string& name : {options.name, options.ns, options.service_account}) {
    if (!dialect::is_dns_label(name)) {
      return fmt::format("'{}' is no name: use lower-case letters, digits and '-', at most 63 of them", name);
    }
  }
  for (const std::string& label : options.labels) {
    const size_t equals = label.find('=');
    if (equals == std::string::npos) return fmt::format("a label is written key=value, and '{}' is not", label);
    if (!dialect::is_label_key(std::string_view(label).substr(0, equals)) ||
        !dialect::is_label_value(std::string_view(label).substr(equals + 1))) {
      return fmt::format("'{}' is no label: letters, digits, '-', '_' and '.', at most 63 on each side", label);
    }
  }
  if (session.trailing.empty()) return "there is no command to run; write it behind `--`";
  return {};
}

int run(const Options& options, const Session& session) {
  if (const std::string problem = check(options, session); !problem.empty()) return wrong(problem);
  RunRequest request{.home = session.home,
                     .member = {.service = options.name,
                                .ns = options.ns,
                                .service_account = options.service_account,
                                .labels = {},
                                .ports = {},
                                .admin = {}},
                     .ports = options.ports,
                     .command = session.trailing,
                     .patience = std::chrono::seconds(options.start_timeout),
                     .is_verbose = session.is_verbose};
  std::ranges::sort(request.ports);
  const auto doubled = std::ranges::unique(request.ports);
  request.ports.erase(doubled.begin(), doubled.end());
  for (const std::string& label : options.labels) {
    const size_t equals = label.find('=');
    request.member.labels[label.substr(0, equals)] = label.substr(equals + 1);
  }
  return run_member(std::move(request));
}

}  // namespace

Action describe_run(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("name", options->name, "Service that the program belongs to; its name in the mesh")
      ->required()
      ->type_name("NAME");
  app.add_option("-p,--port", options->ports, "Port that the program serves; may be given again")
      ->type_name("PORT")
      ->check(CLI::Range(1, 65535).description(""))
      ->take_all();
  app.add_option("-l,--label", options->labels, "Label, such as version=v2; may be given again")
      ->type_name("KEY=VALUE")
      ->take_all();
  app.add_option("-n,--namespace", options->ns, "Namespace")->type_name("NS")->capture_default_str();
  app.add_option("--service-account", options->service_account, "Who it is: spiffe://.../ns/NS/sa/SA")
      ->type_name("SA")
      ->capture_default_str();
  app.add_option("--start-timeout", options->start_timeout, "Seconds for its proxy to become ready")
      ->type_name("SECONDS")
      ->check(CLI::Range(1, 3600).description(""))
      ->capture_default_str();
  app.footer(
      "The program runs as the same user with the same input, output and terminal, in a network namespace of its own:\n"
      "whatever it sends goes through its proxy. It has no capabilities and may bind any port. Signals reach it, and\n"
      "its exit status becomes this command's. Needs no root, but the kernel's user namespaces.\n"
      "Before a program with ports gets a SIGTERM, it leaves the mesh and finishes what is under way, within two\n"
      "seconds; a second SIGTERM is passed on at once.\n"
      "The proxy's log is in $RIPSTOP_HOME/run/ID/proxy.log while the member runs.\n"
      "\n"
      "Example:\n"
      "  ripstop run reviews --port 9080 --label version=v2 -- ./reviews --listen 9080");
  return [options](const Session& session) { return run(*options, session); };
}

}  // namespace ripstop::cli
