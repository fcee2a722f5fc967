#include "cli/output/completion.h"

#include <fmt/format.h>

#include "base/text.h"

namespace ripstop::cli {
namespace {

std::string names_of(std::span<const CompletedCommand> commands) {
  std::vector<std::string> names;
  for (const CompletedCommand& command : commands) names.push_back(command.name);
  return join(names, " ");
}

// For single quotes in a shell.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out;
}

}  // namespace

std::string bash_completion(std::span<const CompletedCommand> commands) {
  std::string cases;
  for (const CompletedCommand& command : commands) {
    cases += fmt::format("    {}) options='{}' words='{}' ;;\n", command.name, join(command.options, " "),
                         join(command.words, " "));
  }
  return fmt::format(R"(_ripstop() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} options words
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '{} --help --version' -- "$current"))
    return
  fi
  case $previous in
    -o|--output) COMPREPLY=($(compgen -W 'table json yaml' -- "$current")); return ;;
  esac
  case ${{COMP_WORDS[1]}} in
{}  esac
  case $current in
    -*) COMPREPLY=($(compgen -W "$options" -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "$words" -- "$current") $(compgen -f -- "$current")) ;;
  esac
}}
complete -o filenames -F _ripstop ripstop
)",
                     names_of(commands), cases);
}

std::string zsh_completion(std::span<const CompletedCommand> commands) {
  std::string names;
  std::string cases;
  for (const CompletedCommand& command : commands) {
    names += fmt::format("    '{}:{}'\n", command.name, escaped(command.summary));
    cases += fmt::format("    {}) options=({}) kinds=({}) ;;\n", command.name, join(command.options, " "),
                         join(command.words, " "));
  }
  return fmt::format(R"(#compdef ripstop
_ripstop() {{
  local -a commands options kinds
  commands=(
{}  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case $words[CURRENT-1] in
    -o|--output) compadd table json yaml; return ;;
  esac
  case $words[2] in
{}  esac
  compadd -- $options $kinds
  _files
}}
compdef _ripstop ripstop
)",
                     names, cases);
}

std::string fish_completion(std::span<const CompletedCommand> commands) {
  std::string script;
  for (const CompletedCommand& command : commands) {
    script += fmt::format("complete -c ripstop -n __fish_use_subcommand -a {} -d '{}'\n", command.name,
                          escaped(command.summary));
    const std::string seen = fmt::format("complete -c ripstop -n '__fish_seen_subcommand_from {}'", command.name);
    for (const std::string& option : command.options) script += fmt::format("{} -l {}\n", seen, option.substr(2));
    if (!command.words.empty()) script += fmt::format("{} -a '{}'\n", seen, join(command.words, " "));
  }
  return script + "complete -c ripstop -l output -x -a 'table json yaml'\n";
}

}  // namespace ripstop::cli
