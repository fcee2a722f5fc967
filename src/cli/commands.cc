#include <fmt/format.h>

#include <array>
#include <cstdio>

#include "cli/command.h"

namespace ripstop::cli {
namespace {

// In the order of `ripstop --help`.
constexpr std::array kCommands = {
    Command{"run", "Start a program as a member of the mesh", describe_run, true},
    Command{"demo", "Show a mesh at work and prove it", describe_demo},
};

}  // namespace

std::span<const Command> all_commands() {
  return kCommands;
}

int exit_status(const Error& error) {
  switch (error.code) {
    case ErrorCode::kUnavailable:
      return kExitUnreachable;
    case ErrorCode::kTimeout:
      return kExitTimeout;
    default:
      return kExitFailed;
  }
}

int report_error(const Error& error) {
  fmt::print(stderr, "ripstop: {}\n", error.message);
  return exit_status(error);
}

}  // namespace ripstop::cli
