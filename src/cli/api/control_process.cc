#include "cli/api/control_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/text.h"
#include "base/time.h"
#include "cli/system/log_tail.h"
#include "cli/system/program.h"
#include "runtime/file.h"

namespace ripstop::cli {
namespace {

constexpr auto kAnswerPatience = std::chrono::seconds(3);
constexpr size_t kShownLogLines = 8;

std::vector<std::string> control_arguments(const Home& home, const ControlStart& start, int ready_fd) {
  std::vector<std::string> arguments{"--home", home.path, "--ready-fd", std::to_string(ready_fd)};
  for (const std::string& folder : start.config_folders) {
    arguments.insert(arguments.end(), {"--config-dir", folder});
  }
  if (!start.certificate_lifetime.empty()) {
    arguments.insert(arguments.end(), {"--certificate-lifetime", start.certificate_lifetime});
  }
  if (!start.trust_domain.empty()) arguments.insert(arguments.end(), {"--trust-domain", start.trust_domain});
  if (!start.access_log.empty()) arguments.insert(arguments.end(), {"--access-log", start.access_log});
  if (!start.authority_folder.empty()) arguments.insert(arguments.end(), {"--ca-dir", start.authority_folder});
  return arguments;
}

struct Launched {
  pid_t process = -1;
  runtime::FileDescriptor ready;
};

Result<Launched> launch(const Home& home, const ControlStart& start) {
  const std::string program = find_own_program("ripstop-control", "RIPSTOP_CONTROL");
  if (program.empty()) {
    return fail(ErrorCode::kNotFound,
                "the program `ripstop-control` is missing: it belongs beside `ripstop`, on PATH, or where "
                "RIPSTOP_CONTROL says");
  }
  std::array<int, 2> ready{};
  if (pipe2(ready.data(), O_CLOEXEC) != 0) return fail_errno("cannot make a pipe", errno);
  Launched launched{-1, runtime::FileDescriptor(ready[0])};
  const runtime::FileDescriptor theirs(ready[1]);
  const runtime::FileDescriptor log(
      ::open(home.control_log().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!log.is_valid()) return fail_errno("cannot write " + home.control_log(), errno);
  const Result<pid_t> process = start_child({.program = program,
                                             .arguments = control_arguments(home, start, theirs.get()),
                                             .inherited = {theirs.get()},
                                             .output = log.get()});
  if (!process) return std::unexpected(process.error());
  launched.process = *process;
  return launched;
}

enum class Outcome : uint8_t { kReady, kGaveUp, kTooSlow };

Outcome await_ready(const Launched& launched, std::chrono::milliseconds patience) {
  pollfd polled{launched.ready.get(), POLLIN, 0};
  if (poll(&polled, 1, static_cast<int>(patience.count())) <= 0) return Outcome::kTooSlow;
  char byte = 0;
  return read(launched.ready.get(), &byte, 1) == 1 && byte == 'R' ? Outcome::kReady : Outcome::kGaveUp;
}

Result<ControlStarted> started(const Home& home, bool ran_already) {
  Result<ControlFile> file = read_control_file(home);
  if (!file) return fail_with(file);
  return ControlStarted{std::move(*file), ran_already};
}

}  // namespace

Result<ControlStarted> start_control_plane(const Home& home, const ControlStart& start) {
  if (is_serving(home)) return started(home, true);
  if (Status made = make_private_folder(home.path); !made) return fail_with(made);
  Result<Launched> launched = launch(home, start);
  if (!launched) return fail_with(launched);
  const Outcome outcome = await_ready(*launched, start.patience);
  if (outcome == Outcome::kReady) return started(home, false);
  const ErrorCode code = outcome == Outcome::kTooSlow ? ErrorCode::kTimeout : ErrorCode::kInternal;
  const auto start_time = process_start_time(launched->process);
  if (start_time) (void)end_processes({{launched->process, *start_time}}, std::chrono::seconds(1));
  waitpid(launched->process, nullptr, WNOHANG);
  // Somebody else's `up` may have been a moment faster.
  if (is_serving(home)) return started(home, true);
  const std::string said = last_lines(home.control_log(), kShownLogLines);
  return fail(code, fmt::format("the control plane did not start{}{}",
                                said.empty() ? ", and its log is empty" : "; the end of its log:", said));
}

bool is_serving(const Home& home) {
  const Result<ControlPlane> control_plane = ControlPlane::open(home);
  return control_plane && control_plane->call("GET", "/v1/health", {}, kAnswerPatience).has_value();
}

bool names_control_plane(std::string_view command_line, const std::string& home) {
  const std::vector<std::string_view> words = split(command_line, '\0');
  const std::string_view program = words.front().substr(words.front().rfind('/') + 1);
  const auto option = std::ranges::find(words, "--home");
  return program == "ripstop-control" && option != words.end() && option + 1 != words.end() && *(option + 1) == home;
}

std::optional<ProcessName> control_process(const Home& home) {
  const Result<ControlFile> file = read_control_file(home);
  if (!file || file->process <= 1) return std::nullopt;
  // The start time first: whoever answers to the number later has another one.
  const auto start_time = process_start_time(file->process);
  const Result<std::string> command_line =
      runtime::read_file("/proc/" + std::to_string(file->process) + "/cmdline", 65536);
  if (!start_time || !command_line || !names_control_plane(*command_line, home.path)) return std::nullopt;
  return ProcessName{file->process, *start_time};
}

}  // namespace ripstop::cli
