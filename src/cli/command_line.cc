#include "cli/command_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/text.h"
#include "cli/choice.h"
#include "cli/command.h"
#include "cli/version.h"

namespace ripstop::cli {
namespace {

constexpr const char* kAbout =
    "A service mesh. All that a mesh keeps lies in $RIPSTOP_HOME (default: ripstop in the user's state folder); two "
    "homes are two meshes.";
constexpr const char* kFooter =
    "Exit status: 0 done, 1 failed or findings with errors, 2 the command line is wrong, 3 no control plane\n"
    "answers, 4 not done in time. `run` gives its application's (128 + n for signal n), 125 when it fails itself,\n"
    "126 or 127 when the application cannot be run or found.\n"
    "\n"
    "Example:\n"
    "  ripstop up\n"
    "  ripstop run web --port 8080 -- python3 -m http.server 8080\n"
    "  ripstop run client -- curl http://web:8080/\n"
    "`ripstop COMMAND --help` tells more about one command.";

struct Chosen {
  const Command* command = nullptr;
  Action action;
};

std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates) {
  const std::optional<std::string> near = nearest(word, candidates);
  return near ? fmt::format("; did you mean `{}`?", *near) : std::string();
}

std::vector<std::string> option_names(const CLI::App* app) {
  std::vector<std::string> names;
  for (; app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
      for (const std::string& name : option->get_snames()) names.push_back("-" + name);
    }
  }
  return names;
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const Command& command : all_commands()) names.emplace_back(command.name);
  return names;
}

CLI::App* selected(CLI::App& app) {
  const std::vector<CLI::App*> chosen = app.get_subcommands();
  return chosen.empty() ? nullptr : chosen.front();
}

// What is wrong with a word that nobody expected.
std::string unexpected_word(CLI::App& app) {
  CLI::App* command = selected(app);
  const std::vector<std::string> rest = app.remaining(true);
  const std::string word = rest.empty() ? "" : rest.front();
  if (word.starts_with("-")) {
    const std::string name = word.substr(0, word.find('='));
    return fmt::format("unknown option {}{}", name, did_you_mean(name, option_names(command ? command : &app)));
  }
  if (command == nullptr) return fmt::format("unknown command '{}'{}", word, did_you_mean(word, command_names()));
  if (command->get_name() == "run") {
    return fmt::format("'{}' is one word too many; write `--` before the command: ripstop run NAME -- {} ...", word,
                       word);
  }
  return fmt::format("'{}' is one word too many", word);
}

int explain_parse_error(CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
  // A mistyped option is also what makes a required one missing, and the better thing to tell.
  const bool is_unexpected =
      dynamic_cast<const CLI::ValidationError*>(&error) == nullptr && !app.remaining(true).empty();
  const CLI::App* command = selected(app);
  const std::string help = command != nullptr ? "ripstop " + command->get_name() + " --help" : "ripstop --help";
  std::fflush(stdout);
  fmt::print(stderr, "ripstop: {}\nSee `{}`.\n", is_unexpected ? unexpected_word(app) : error.what(), help);
  return kExitUsage;
}

Format format_of(const std::string& name) {
  if (equals_ignore_case(name, "json")) return Format::kJson;
  return equals_ignore_case(name, "yaml") ? Format::kYaml : Format::kTable;
}

void describe_everything(CLI::App& app, Session& session, std::vector<Chosen>& commands) {
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  app.set_version_flag("--version", std::string("ripstop ") + kVersion);
  app.add_option_function<std::string>(
         "-o,--output", [&session](const std::string& name) { session.format = format_of(name); },
         "table, json or yaml")
      ->type_name("FORMAT")
      ->check(one_of({"table", "json", "yaml"}));
  app.add_flag("-v,--verbose", session.is_verbose, "Say what is done");
  app.footer(kFooter);
  for (const Command& command : all_commands()) {
    CLI::App* described = app.add_subcommand(std::string(command.name), std::string(command.summary));
    described->fallthrough();
    commands.push_back({&command, command.describe(*described)});
  }
}

bool wants_color(int fd) {
  const char* forbidden = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return isatty(fd) == 1 && (forbidden == nullptr || *forbidden == '\0') &&
         (terminal == nullptr || std::string_view(terminal) != "dumb");
}

int perform(CLI::App& app, Session& session, const std::vector<Chosen>& commands) {
  const std::string name = selected(app)->get_name();
  const auto chosen = std::ranges::find_if(commands, [&](const Chosen& one) { return one.command->name == name; });
  if (!session.trailing.empty() && !chosen->command->takes_trailing) {
    fmt::print(stderr, "ripstop: {} takes nothing behind `--`\nSee `ripstop {} --help`.\n", name, name);
    return kExitUsage;
  }
  Result<Home> home = find_home();
  if (!home) return report_error(home.error());
  session.home = std::move(*home);
  session.has_color = wants_color(STDOUT_FILENO);
  session.has_error_color = wants_color(STDERR_FILENO);
  log::set_level(session.is_verbose ? log::Level::kInfo : log::Level::kError);
  return chosen->action(session);
}

}  // namespace

int run_command_line(int argument_count, char** arguments) {
  Session session;
  std::vector<std::string> words(arguments + 1, arguments + argument_count);
  const auto divider = std::ranges::find(words, "--");
  if (divider != words.end()) {
    session.trailing.assign(divider + 1, words.end());
    words.erase(divider, words.end());
  }
  CLI::App app(kAbout, "ripstop");
  std::vector<Chosen> commands;
  describe_everything(app, session, commands);
  std::ranges::reverse(words);
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    return explain_parse_error(app, error);
  }
  return perform(app, session, commands);
}

}  // namespace ripstop::cli
