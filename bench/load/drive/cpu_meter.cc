#include "load/drive/cpu_meter.h"

#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "base/text.h"

namespace ripstop::load {

Result<std::chrono::nanoseconds> run_time_of(std::string_view schedstat) {
  const auto number = parse_number<int64_t>(schedstat.substr(0, schedstat.find(' ')));
  if (!number) return fail(ErrorCode::kParse, "schedstat does not begin with a number: check that the kernel has it");
  return std::chrono::nanoseconds(*number);
}

Result<std::chrono::nanoseconds> run_time_of(std::span<const int> processes) {
  std::chrono::nanoseconds sum{};
  for (const int process : processes) {
    std::error_code error;
    const std::filesystem::directory_iterator tasks("/proc/" + std::to_string(process) + "/task", error);
    if (error) {
      return fail(ErrorCode::kNotFound, "process " + std::to_string(process) + " is watched, but has ended");
    }
    for (const auto& task : tasks) {
      std::ifstream file(task.path() / "schedstat");
      std::string line;
      if (!std::getline(file, line)) continue;  // the thread ended meanwhile
      auto one = run_time_of(line);
      if (!one) return one;
      sum += *one;
    }
  }
  return sum;
}

std::chrono::nanoseconds own_run_time() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace ripstop::load
