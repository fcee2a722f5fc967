// Starting, recognising and ending processes.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/file_descriptor.h"

namespace ripstop::cli {

struct ChildStart {
  std::string program;                 // a path
  std::vector<std::string> arguments;  // without the program's name
  std::vector<int> inherited;          // descriptors that it keeps, under the same numbers; all others are closed
  int output = -1;                     // becomes standard output and error; -1: the caller's
  bool dies_with_parent = false;       // SIGKILL when the calling thread ends
};

// In a session of its own, with standard input empty and no signal blocked or handled. Does not throw and makes no
// thread.
[[nodiscard]] Result<pid_t> start_child(const ChildStart& start);

// When the process was started, in clock ticks since boot: with its id it names one process for ever. nullopt when
// there is none, or only a zombie.
[[nodiscard]] std::optional<uint64_t> process_start_time(pid_t process);

// Sends SIGTERM and, when it still runs after `patience`, SIGKILL, to the process that has this id and start time.
// Returns once it is gone; at once when it is gone already.
Status end_process(pid_t process, uint64_t start_time, std::chrono::milliseconds patience);

// Descriptors above standard error that a program run by this process would inherit.
[[nodiscard]] std::vector<int> inherited_descriptors();

}  // namespace ripstop::cli
