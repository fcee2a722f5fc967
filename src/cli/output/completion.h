// Completion scripts, as text.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace ripstop::cli {

struct CompletedCommand {
  std::string name;
  std::string summary;
  std::vector<std::string> options;  // "--filename"
  std::vector<std::string> words;    // for its first argument; files are offered besides
};

[[nodiscard]] std::string bash_completion(std::span<const CompletedCommand> commands);
[[nodiscard]] std::string zsh_completion(std::span<const CompletedCommand> commands);
[[nodiscard]] std::string fish_completion(std::span<const CompletedCommand> commands);

}  // namespace ripstop::cli
