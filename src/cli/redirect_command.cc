#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/capture/nft.h"
#include "cli/capture/ruleset.h"
#include "cli/command.h"

namespace ripstop::cli {
namespace {

struct Options {
  Redirection redirection;
  std::vector<std::string> blocks;
  bool leaves_dns = false;
  bool removes = false;
  bool is_dry_run = false;
};

int wrong(const std::string& text) {
  fmt::print(stderr, "ripstop: {}\nSee `ripstop redirect --help`.\n", text);
  return kExitUsage;
}

int redirect(Options options, const Session& session) {
  for (const std::string& text : options.blocks) {
    const Result<CidrBlock> block = CidrBlock::parse(text);
    if (!block) return wrong(fmt::format("'{}' is no block of addresses: {}", text, block.error().message));
    options.redirection.excluded_outbound_blocks.push_back(*block);
  }
  // Without an exemption the proxy's own connections would come back to it for ever.
  if (!options.removes && !options.redirection.proxy_user && !options.redirection.proxy_group) {
    return wrong("say who the proxy is with --proxy-uid or --proxy-gid, so that its own traffic is left alone");
  }
  options.redirection.captures_dns = !options.leaves_dns;
  const std::string ruleset = options.removes ? removal_ruleset() : redirect_ruleset(options.redirection);
  if (!options.is_dry_run) {
    const Status done = run_nft(ruleset);
    return done ? kExitOk : report_error(done.error());
  }
  if (session.format == Format::kTable) {
    fmt::print("{}", ruleset);
  } else {
    fmt::print("{}", render_document(nlohmann::json{{"ruleset", ruleset}}.dump(), session.format));
  }
  return kExitOk;
}

}  // namespace

Action describe_redirect(CLI::App& app) {
  auto options = std::make_shared<Options>();
  const CLI::Validator port = CLI::Range(1, 65535).description("");
  app.add_option("--proxy-uid", options->redirection.proxy_user, "User of the proxy, left alone")->type_name("UID");
  app.add_option("--proxy-gid", options->redirection.proxy_group, "Group of the proxy, left alone")->type_name("GID");
  app.add_option("--exclude-inbound-ports", options->redirection.excluded_inbound_ports, "Not taken on the way in")
      ->type_name("PORT,...")
      ->delimiter(',')
      ->check(port);
  app.add_option("--exclude-outbound-ports", options->redirection.excluded_outbound_ports, "Not taken on the way out")
      ->type_name("PORT,...")
      ->delimiter(',')
      ->check(port);
  app.add_option("--exclude-outbound-cidrs", options->blocks, "Destinations that are left alone")
      ->type_name("CIDR,...")
      ->delimiter(',');
  app.add_flag("--no-dns", options->leaves_dns, "Leave DNS alone");
  app.add_flag("--remove", options->removes, "Take the rules away");
  app.add_flag("--dry-run", options->is_dry_run, "Print the nftables ruleset instead");
  app.footer(
      "For a network namespace that a proxy shares with its application: TCP goes out through port 15001 and comes in\n"
      "through 15006, DNS goes to 15053, IPv4 and IPv6. Acts on the current namespace, needs CAP_NET_ADMIN there,\n"
      "replaces rules that it made before, and touches no others.\n"
      "\n"
      "Example:\n"
      "  ripstop redirect --proxy-uid 1337 --exclude-inbound-ports 22 --exclude-outbound-cidrs 10.0.0.0/8\n"
      "  ripstop redirect --remove");
  return [options](const Session& session) { return redirect(*options, session); };
}

}  // namespace ripstop::cli
