// `ripstop run` while it runs: namespace, registration, proxy and application, from first to last.
//
// The story: make the namespace, register, start the proxy, wait until it is ready, let the application go; then pass
// signals on (SIGTERM once others have ceased to send requests), and start the proxy again whenever it dies, until the
// application ends; then deregister, let the proxy drain, clean up. Single-threaded and blocking; a kill -9 of this
// process ends all the others.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "cli/api/home.h"
#include "cli/run/member.h"

namespace ripstop::cli {

struct RunRequest {
  Home home;
  Member member;                // without addresses
  std::vector<uint16_t> ports;  // of the application
  std::vector<std::string> command;
  std::chrono::milliseconds patience{};  // for the proxy to become ready
  bool is_verbose = false;
};

// The exit status for the shell: the application's, 128 + n when signal n ended it; errors have been printed.
[[nodiscard]] int run_member(RunRequest request);

}  // namespace ripstop::cli
