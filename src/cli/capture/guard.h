// The process that stands inside a member's namespace: it sets the namespace up, is the application's parent, and makes
// sockets for the proxy. It ends, and the application and everything it started with it, when the supervisor is gone.
//
// Messages on its channel to the supervisor (SOCK_SEQPACKET): the first byte says which. From the guard: 'I' inside and
// ready, one byte 'L' or 'D' for each attached socket; 'P' and the lowest free port as text; 'E' and a sentence:
// setting up failed. 'A' the application was started; 'F' and errno as text: it could not be; 'W' and the wait status
// as text: it ended. From the supervisor: 'R' start the application; 'S' and a number as text: send it that signal.
#pragma once

#include <csignal>
#include <string>
#include <vector>

#include "runtime/file_descriptor.h"

namespace ripstop::cli {

struct GuardTask {
  std::vector<std::string> command;
  sigset_t signal_mask{};              // the application's
  runtime::FileDescriptor supervisor;  // channel
  runtime::FileDescriptor broker;      // main channel of the broker, the inner end
};

// Never returns. To be called in a fresh, single-threaded child of the supervisor.
[[noreturn]] void run_guard(GuardTask task);

}  // namespace ripstop::cli
