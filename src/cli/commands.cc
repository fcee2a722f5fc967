#include <fmt/format.h>

#include <array>
#include <cstdio>

#include "cli/command.h"

namespace ripstop::cli {
namespace {

// In the order of `ripstop --help`.
constexpr std::array kCommands = {
    Command{"up", "Start the control plane of the mesh", describe_up},
    Command{"down", "Stop the mesh: its control plane and its members", describe_down},
    Command{"run", "Start a program as a member of the mesh", describe_run, true},
    Command{"apply", "Apply configuration", describe_apply},
    Command{"get", "Show configuration", describe_get},
    Command{"delete", "Delete configuration", describe_delete},
    Command{"analyze", "Check configuration without a control plane", describe_analyze},
    Command{"status", "Show the control plane, the members and whether their proxies are in sync", describe_status},
    Command{"stat", "Show success rate, request rate and latency per service, version and route", describe_stat},
    Command{"demo", "Show a mesh at work and prove it", describe_demo},
    Command{"redirect", "Redirect the traffic of a namespace to a proxy in it, as in a pod", describe_redirect},
    Command{"completion", "Print a completion script for bash, zsh or fish", describe_completion},
    Command{"version", "Show the versions of the command line and the control plane", describe_version},
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
