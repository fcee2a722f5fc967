// What a command of `ripstop` is: a name, a sentence, and a function that describes its options to the parser and gives
// back what to do with them. All commands are listed in commands.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/api/home.h"
#include "cli/output/document.h"

namespace CLI {
class App;
}

namespace ripstop::cli {

// Exit statuses, the same for every command except `run`, which gives its application's.
enum ExitStatus : int {
  kExitOk = 0,
  kExitFailed = 1,       // it did not work, or findings with errors
  kExitUsage = 2,        // the command line is wrong
  kExitUnreachable = 3,  // no control plane answers
  kExitTimeout = 4,      // what was waited for did not come in time
  kExitRunFailed = 125,  // `run` itself failed; 126 and 127 as in a shell: not to be run, not found
  kExitCannotRun = 126,
  kExitNotFound = 127,
  kExitSignalled = 128,  // plus the signal's number
};

// What holds for every command.
struct Session {
  Home home;
  Format format = Format::kTable;
  bool is_verbose = false;
  bool has_color = false;             // on standard output
  bool has_error_color = false;       // on standard error
  std::vector<std::string> trailing;  // what stood behind "--"
};

using Action = std::function<int(const Session&)>;

struct Command {
  std::string_view name;
  std::string_view summary;
  Action (*describe)(CLI::App& app);
  bool takes_trailing = false;  // words behind "--"
};

[[nodiscard]] std::span<const Command> all_commands();

// Prints "ripstop: …" to standard error and gives the exit status that fits the error.
int report_error(const Error& error);
[[nodiscard]] int exit_status(const Error& error);

// One function per command, each in its own file.
Action describe_up(CLI::App& app);
Action describe_down(CLI::App& app);
Action describe_run(CLI::App& app);
Action describe_apply(CLI::App& app);
Action describe_get(CLI::App& app);
Action describe_delete(CLI::App& app);
Action describe_analyze(CLI::App& app);
Action describe_status(CLI::App& app);
Action describe_stat(CLI::App& app);
Action describe_redirect(CLI::App& app);
Action describe_demo(CLI::App& app);
Action describe_completion(CLI::App& app);
Action describe_version(CLI::App& app);

}  // namespace ripstop::cli
