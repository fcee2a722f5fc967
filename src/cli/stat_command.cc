#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include "base/text.h"
#include "cli/command.h"
#include "cli/stat/scrape.h"
#include "cli/stat/view.h"

namespace ripstop::cli {
namespace {

constexpr const char* kClearScreen = "\x1b[H\x1b[2J";

struct Options {
  std::string service;
  std::string ns;
  double interval = 1;
  bool watches = false;
};

TrafficTable chosen(TrafficTable table, const Options& options) {
  std::erase_if(table, [&](const auto& one) {
    const bool is_other_service = !options.service.empty() && one.first.service != options.service;
    return is_other_service || (!options.ns.empty() && one.first.ns != options.ns);
  });
  return table;
}

void print_view(const TrafficView& view, const Scrape& scrape, const Options& options, const Session& session) {
  if (session.format != Format::kTable) {
    const std::string json = traffic_to_json(view);
    // One line per reading, so that a program can follow.
    const bool is_stream = options.watches && session.format == Format::kJson;
    fmt::print("{}", is_stream ? json + "\n" : render_document(json, session.format));
    std::fflush(stdout);
    return;
  }
  const Palette palette{session.has_color};
  std::string text = view.shown.empty() ? "No requests yet\n" : render_traffic(view, palette);
  if (!scrape.silent.empty()) text += palette.yellow("No metrics from: " + join(scrape.silent, ", ")) + "\n";
  const bool redraws = options.watches && isatty(STDOUT_FILENO) == 1;
  fmt::print("{}{}", redraws ? kClearScreen : "", text);
  std::fflush(stdout);
}

int stat(const Options& options, const Session& session) {
  const Result<ControlPlane> control_plane = ControlPlane::open(session.home);
  if (!control_plane) return report_error(control_plane.error());
  Result<Scrape> before = scrape_members(*control_plane);
  if (!before) return report_error(before.error());
  do {
    std::this_thread::sleep_for(std::chrono::duration<double>(options.interval));
    Result<Scrape> now = scrape_members(*control_plane);
    if (!now) return report_error(now.error());
    const std::chrono::duration<double> passed = now->at - before->at;
    TrafficView view{.shown = {},
                     .recent = chosen(now->report.since(before->report).preferred(), options),
                     .window_seconds = std::max(passed.count(), 0.001)};
    view.shown = options.watches ? view.recent : chosen(now->report.preferred(), options);
    print_view(view, *now, options, session);
    before = std::move(now);
  } while (options.watches);
  return kExitOk;
}

}  // namespace

Action describe_stat(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("service", options->service, "Only this service")->type_name("SERVICE");
  app.add_option("-n,--namespace", options->ns, "Only this namespace")->type_name("NS");
  app.add_flag("-w,--watch", options->watches, "Go on; each reading shows what happened since the one before");
  app.add_option("--interval", options->interval, "Seconds between readings")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.1, 3600.0).description(""))
      ->capture_default_str();
  app.footer(
      "Read from the members' proxies: counts, success and latency since they started (with --watch: since the last\n"
      "reading), requests per second over the last interval. As seen by the clients' proxies where they have one, so\n"
      "retries that helped are no failures. MTLS is the share that the servers received over mutual TLS.\n"
      "\n"
      "Example:\n"
      "  ripstop stat\n"
      "  ripstop stat reviews --watch");
  return [options](const Session& session) { return stat(*options, session); };
}

}  // namespace ripstop::cli
