#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>

#include "cli/command.h"
#include "cli/demo/report.h"
#include "cli/demo/story.h"

namespace ripstop::cli {
namespace {

struct Options {
  bool once = false;
  bool keep = false;
};

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

demo::Audience make_audience(const Session& session) {
  if (session.format != Format::kTable) {
    const auto print_object = [format = session.format](const demo::Outcome& outcome) {
      print(demo::render_object(outcome, format));
    };
    return {[](const std::string&) {}, print_object};
  }
  const auto print_line = [has_color = session.has_color](const demo::Outcome& outcome) {
    print(demo::render_line(outcome, has_color));
  };
  return {[](const std::string& what) { print(what + " ...\n"); }, print_line};
}

int conclude(const std::vector<demo::Outcome>& outcomes, const demo::Attention& attention, const Session& session) {
  if (const auto signal = attention.ending_signal()) {
    fmt::print(stderr, "ripstop: interrupted\n");
    return kExitSignalled + *signal;
  }
  if (session.format == Format::kTable) print(demo::render_summary(outcomes, session.has_color));
  return std::ranges::all_of(outcomes, &demo::Outcome::ok) ? kExitOk : kExitFailed;
}

int run(const Options& options, const Session& session) {
  Result<PassedSignals> signals = PassedSignals::block();
  if (!signals) return report_error(signals.error());
  demo::Attention attention(std::move(*signals));
  const demo::Audience audience = make_audience(session);
  audience.on_begin("a mesh of its own: control plane, six services with their proxies");
  auto stage = demo::Stage::set_up(attention, options.keep);
  if (!stage) {
    (void)report_error(stage.error());
    return attention.ending_signal() ? kExitSignalled + *attention.ending_signal() : exit_status(stage.error());
  }
  const std::vector<demo::Outcome> outcomes = demo::tell_story(**stage, audience);
  const std::string home = (*stage)->home();
  stage->reset();
  if (options.keep) fmt::print(stderr, "ripstop: the mesh's home is kept in {}\n", home);
  return conclude(outcomes, attention, session);
}

}  // namespace

Action describe_demo(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_flag("--once", options->once, "Show each effect once, line by line; needs no terminal");
  app.add_flag("--keep", options->keep, "Leave the mesh's home, with its logs, for inspection");
  app.footer(
      "Starts a mesh with a sample application in a temporary home, applies one Istio text after the other and\n"
      "measures what each does: two splits, a route for one user, retries, strict mutual TLS. Exit status 0 when "
      "every\n"
      "effect was seen. With `--output json` one object per step. Touches no other mesh, and leaves nothing behind.");
  return [options](const Session& session) { return run(*options, session); };
}

}  // namespace ripstop::cli
