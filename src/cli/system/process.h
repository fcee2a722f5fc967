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

struct ProcessName {
  pid_t process = 0;
  uint64_t start_time = 0;
};

// Asks all of them to end (SIGTERM), waits for at most `patience`, and ends by force those that still run then. Names
// whose process is gone already are passed over, whoever has their number now. Returns once all are gone.
Status end_processes(const std::vector<ProcessName>& processes, std::chrono::milliseconds patience);

// Descriptors above standard error that a program run by this process would inherit.
[[nodiscard]] std::vector<int> inherited_descriptors();

}  // namespace ripstop::cli
