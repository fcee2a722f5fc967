#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "base/text.h"
#include "cli/choice.h"
#include "cli/command.h"
#include "cli/output/completion.h"
#include "dialect/dialect.h"

namespace ripstop::cli {
namespace {

void add_options(const CLI::App& app, std::vector<std::string>& words) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
  }
}

// What there is to complete, read off the commands' own descriptions.
std::vector<CompletedCommand> describe_words() {
  std::vector<CompletedCommand> described;
  for (const Command& command : all_commands()) {
    CLI::App app;
    (void)command.describe(app);
    CompletedCommand& one = described.emplace_back();
    one.name = command.name;
    one.summary = command.summary;
    add_options(app, one.options);
    one.options.insert(one.options.end(), {"--output", "--verbose"});
    if (command.name != "get" && command.name != "delete") continue;
    for (const dialect::Kind& kind : dialect::known_kinds()) {
      if (kind.support == dialect::Support::kHonoured) one.words.push_back(to_lower(kind.name));
    }
  }
  return described;
}

int completion(const std::string& shell) {
  const std::vector<CompletedCommand> commands = describe_words();
  if (shell == "bash") fmt::print("{}", bash_completion(commands));
  if (shell == "zsh") fmt::print("{}", zsh_completion(commands));
  if (shell == "fish") fmt::print("{}", fish_completion(commands));
  return kExitOk;
}

}  // namespace

Action describe_completion(CLI::App& app) {
  auto shell = std::make_shared<std::string>();
  app.add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->type_name("SHELL")
      ->check(one_of({"bash", "zsh", "fish"}));
  app.footer(
      "Example:\n"
      "  source <(ripstop completion bash)\n"
      "  ripstop completion zsh > \"${fpath[1]}/_ripstop\"\n"
      "  ripstop completion fish > ~/.config/fish/completions/ripstop.fish");
  return [shell](const Session&) { return completion(*shell); };
}

}  // namespace ripstop::cli
