#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>

#include "cli/command.h"
#include "cli/demo/story.h"
#include "cli/demo/view/live_view.h"
#include "cli/demo/view/report.h"

namespace ripstop::cli {
namespace {

constexpr std::chrono::milliseconds kRedraw{500};

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

// The same story with the picture above it. The picture is gone when this returns.
std::vector<demo::Outcome> tell_on_terminal(demo::Stage& stage, const Session& session) {
  demo::LiveView view(stage, session.has_color);
  stage.attention().every(kRedraw, [&view] { view.refresh(); });
  const demo::Audience audience{[&view](const std::string& what) { view.begin(what); },
                                [&view](const demo::Outcome& outcome) { view.add(outcome); }};
  std::vector<demo::Outcome> outcomes = demo::tell_story(stage, audience, demo::kWatchableLoad);
  stage.attention().every({}, nullptr);
  return outcomes;
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
  const bool is_live = !options.once && session.format == Format::kTable && demo::can_draw();
  const std::vector<demo::Outcome> outcomes =
      is_live ? tell_on_terminal(**stage, session) : demo::tell_story(**stage, audience, demo::kQuickLoad);
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
      "effect was seen. On a terminal, without --once, a live view of splits, services and hops; with `--output json` "
      "one\n"
      "object per step. Touches no other mesh, and leaves nothing behind.");
  return [options](const Session& session) { return run(*options, session); };
}

}  // namespace ripstop::cli
