#include "control/options.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>

#include "base/text.h"
#include "control/version.h"

namespace ripstop::control {
namespace {

std::optional<SocketAddress> parse_address(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto address = SocketAddress::parse(text);
  if (!address) throw CLI::ValidationError(address.error().message);
  return *address;
}

AccessLog parse_access_log(const std::string& text) {
  if (text == "off") return AccessLog::kOff;
  if (text == "text") return AccessLog::kText;
  if (text == "json") return AccessLog::kJson;
  throw CLI::ValidationError("--access-log: " + text + " is none of off, text and json");
}

// "90s", "15m", "24h"; a bare number is seconds.
std::chrono::seconds parse_duration(const std::string& text) {
  long factor = 1;
  std::string_view number = text;
  if (!text.empty() && (text.back() == 's' || text.back() == 'm' || text.back() == 'h')) {
    factor = text.back() == 's' ? 1 : text.back() == 'm' ? 60 : 3600;
    number.remove_suffix(1);
  }
  const auto value = parse_number<uint32_t>(number);
  if (!value || *value == 0) throw CLI::ValidationError("\"" + text + "\" is not a duration such as 90s, 15m or 24h");
  return std::chrono::seconds(static_cast<long>(*value) * factor);
}

}  // namespace

Options parse_options(int argc, char** argv) {
  Options options;
  std::string listen;
  std::string api_listen;
  std::string lifetime = "24h";
  std::string access_log = "off";
  std::string level = "info";
  CLI::App app("The control plane of a Ripstop mesh", "ripstop-control");
  app.footer("example: ripstop-control --home ~/.local/state/ripstop --config-dir ./mesh");
  app.set_version_flag("--version", std::string("ripstop-control ") + kVersion);
  app.add_option("--home", options.home, "Folder that holds all of the mesh's state")->required();
  app.add_option("--listen", listen, "ADDRESS:PORT for xDS and certificates (default: loopback, a free port, kept)");
  app.add_option("--api-listen", api_listen, "ADDRESS:PORT for the HTTP API (default: likewise)");
  app.add_option("--config-dir", options.config_folders, "Folder of YAML to watch and follow; may be repeated");
  app.add_option("--trust-domain", options.trust_domain,
                 "Trust domain of the SPIFFE identities, for good (default: cluster.local)");
  app.add_option(
      "--ca-dir", options.authority_folder,
      "Folder of a given CA, kept for later starts: ca-cert.pem, ca-key.pem, root-cert.pem and, for what lies "
      "between, cert-chain.pem (default: self-made)");
  app.add_option("--certificate-lifetime", lifetime, "Of workload certificates: 90s, 15m, 24h")->capture_default_str();
  app.add_option("--access-log", access_log, "That proxies write to their output: off, text or json")
      ->capture_default_str();
  app.add_option("--log-level", level, "trace, debug, info, warning, error or off")->capture_default_str();
  app.add_option("--ready-fd", options.ready_fd, "Descriptor that gets one byte once everything listens");
  try {
    app.parse(argc, argv);
    options.listen = parse_address(listen);
    options.api_listen = parse_address(api_listen);
    options.certificate_lifetime = parse_duration(lifetime);
    options.access_log = parse_access_log(access_log);
    if (!log::parse_level(level, options.log_level)) throw CLI::ValidationError("--log-level: unknown level " + level);
  } catch (const CLI::ParseError& error) {
    const int status = app.exit(error);
    std::exit(status == 0 ? 0 : 2);
  }
  return options;
}

}  // namespace ripstop::control
