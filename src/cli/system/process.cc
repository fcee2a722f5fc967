#include "cli/system/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <memory>
#include <utility>

#include "base/text.h"
#include "base/time.h"
#include "runtime/file.h"

namespace ripstop::cli {
namespace {

constexpr int kExecFailed = 127;
constexpr auto kKillPatience = std::chrono::seconds(5);

std::vector<int> open_descriptors() {
  struct Closer {
    void operator()(DIR* folder) const { closedir(folder); }
  };
  std::vector<int> found;
  const std::unique_ptr<DIR, Closer> folder(opendir("/proc/self/fd"));
  if (!folder) return found;
  while (const dirent* entry = readdir(folder.get())) {
    const auto fd = parse_number<int>(entry->d_name);
    if (fd && *fd > STDERR_FILENO && *fd != dirfd(folder.get())) found.push_back(*fd);
  }
  return found;
}

void reset_signals() {
  for (int signal = 1; signal < NSIG; ++signal) {
    if (signal != SIGKILL && signal != SIGSTOP) ::signal(signal, SIG_DFL);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

void keep_only(const std::vector<int>& inherited) {
  for (const int fd : open_descriptors()) {
    const bool stays = std::ranges::find(inherited, fd) != inherited.end();
    fcntl(fd, F_SETFD, stays ? 0 : FD_CLOEXEC);
  }
}

[[noreturn]] void become_child(const ChildStart& start, pid_t parent) {
  if (start.dies_with_parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent) _exit(kExecFailed);
  }
  setsid();
  reset_signals();
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(nothing, STDIN_FILENO);
  if (start.output >= 0) {
    dup2(start.output, STDOUT_FILENO);
    dup2(start.output, STDERR_FILENO);
  }
  keep_only(start.inherited);
  std::vector<char*> arguments{const_cast<char*>(start.program.c_str())};
  for (const std::string& argument : start.arguments) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  execv(start.program.c_str(), arguments.data());
  _exit(kExecFailed);
}

struct Watched {
  pid_t process;
  runtime::FileDescriptor fd;
};

// Takes out those that end before the deadline; they need not be children.
void await_ends(std::vector<Watched>& watched, TimePoint deadline) {
  while (!watched.empty()) {
    std::vector<pollfd> polled;
    for (const Watched& one : watched) polled.push_back({one.fd.get(), POLLIN, 0});
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0 || poll(polled.data(), polled.size(), static_cast<int>(left)) <= 0) return;
    std::erase_if(watched, [&](const Watched& one) {
      return std::ranges::any_of(polled, [&](const pollfd& p) { return p.fd == one.fd.get() && p.revents != 0; });
    });
  }
}

Status send_to(const std::vector<Watched>& watched, int signal) {
  for (const Watched& one : watched) {
    if (syscall(SYS_pidfd_send_signal, one.fd.get(), signal, nullptr, 0) == 0 || errno == ESRCH) continue;
    return fail_errno("cannot end process " + std::to_string(one.process), errno);
  }
  return {};
}

}  // namespace

Result<pid_t> start_child(const ChildStart& start) {
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) return fail_errno("cannot start " + start.program, errno);
  if (child == 0) become_child(start, parent);
  return child;
}

std::optional<uint64_t> process_start_time(pid_t process) {
  const Result<std::string> stat = runtime::read_file("/proc/" + std::to_string(process) + "/stat", 8192);
  if (!stat) return std::nullopt;
  const size_t name_end = stat->rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  // Fields 3 (state) and 22 (start time) of proc(5); the first piece here is empty.
  const std::vector<std::string_view> fields = split(std::string_view(*stat).substr(name_end + 1), ' ');
  if (fields.size() < 21 || fields[1] == "Z" || fields[1] == "X") return std::nullopt;
  return parse_number<uint64_t>(fields[20]);
}

Status end_processes(const std::vector<ProcessName>& processes, std::chrono::milliseconds patience) {
  std::vector<Watched> watched;
  for (const ProcessName& name : processes) {
    runtime::FileDescriptor fd(static_cast<int>(syscall(SYS_pidfd_open, name.process, 0)));
    // Checked after opening: from here on the descriptor means this process, whoever gets its number later.
    if (!fd.is_valid() || process_start_time(name.process) != name.start_time) continue;
    watched.push_back({name.process, std::move(fd)});
  }
  if (Status sent = send_to(watched, SIGTERM); !sent) return sent;
  await_ends(watched, Clock::now() + patience);
  if (Status sent = send_to(watched, SIGKILL); !sent) return sent;
  await_ends(watched, Clock::now() + kKillPatience);
  if (watched.empty()) return {};
  return fail(ErrorCode::kTimeout,
              "process " + std::to_string(watched.front().process) + " does not end, not even by force");
}

std::vector<int> inherited_descriptors() {
  std::vector<int> inherited = open_descriptors();
  std::erase_if(inherited, [](int fd) { return (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0; });
  return inherited;
}

}  // namespace ripstop::cli
