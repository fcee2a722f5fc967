// Processor time of other processes, from the scheduler's own accounting: every thread of every one of them.
#pragma once

#include <chrono>
#include <span>
#include <string_view>

#include "base/result.h"

namespace ripstop::load {

// First field of /proc/PID/task/TID/schedstat: nanoseconds on a processor.
[[nodiscard]] Result<std::chrono::nanoseconds> run_time_of(std::string_view schedstat);

// Sum over all threads that live now. Fails with kNotFound when one of the processes has ended. Threads that ended take
// their time with them, so the watched programs should keep theirs.
[[nodiscard]] Result<std::chrono::nanoseconds> run_time_of(std::span<const int> processes);

// What this process itself has used.
[[nodiscard]] std::chrono::nanoseconds own_run_time();

}  // namespace ripstop::load
