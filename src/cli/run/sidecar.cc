#include "cli/run/sidecar.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "cli/system/process.h"

namespace ripstop::cli {
namespace {

constexpr int kDrainSeconds = 2;

std::string describe(int status) {
  if (WIFSIGNALED(status)) return fmt::format("signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
  return fmt::format("exit status {}", WEXITSTATUS(status));
}

int wait_for(pid_t process) {
  int status = 0;
  while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

std::vector<std::string> sidecar_arguments(const SidecarSettings& settings, int ready_fd) {
  std::vector<std::string> arguments{"-c",
                                     settings.bootstrap,
                                     "--ca",
                                     settings.authority.to_string(),
                                     "--ca-roots",
                                     settings.roots,
                                     "--join-token-file",
                                     settings.join_token,
                                     "--spiffe-id",
                                     settings.spiffe_id,
                                     "--broker-fd",
                                     std::to_string(settings.broker),
                                     "--ready-fd",
                                     std::to_string(ready_fd),
                                     "--drain-time-s",
                                     std::to_string(kDrainSeconds)};
  for (const int fd : settings.listening) arguments.insert(arguments.end(), {"--listen-fd", std::to_string(fd)});
  for (const int fd : settings.dns) arguments.insert(arguments.end(), {"--dns-fd", std::to_string(fd)});
  if (!settings.log_level.empty()) arguments.insert(arguments.end(), {"--log-level", settings.log_level});
  return arguments;
}

Result<Sidecar> Sidecar::start(const SidecarSettings& settings) {
  std::array<int, 2> ready{};
  if (pipe2(ready.data(), O_CLOEXEC) != 0) return fail_errno("cannot make a pipe", errno);
  Sidecar sidecar;
  sidecar.ready_ = runtime::FileDescriptor(ready[0]);
  const runtime::FileDescriptor theirs(ready[1]);
  const runtime::FileDescriptor log(::open(settings.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!log.is_valid()) return fail_errno("cannot write " + settings.log, errno);
  ChildStart start{.program = settings.program,
                   .arguments = sidecar_arguments(settings, theirs.get()),
                   .inherited = {theirs.get(), settings.broker},
                   .output = log.get(),
                   .dies_with_parent = true};
  start.inherited.insert(start.inherited.end(), settings.listening.begin(), settings.listening.end());
  start.inherited.insert(start.inherited.end(), settings.dns.begin(), settings.dns.end());
  const Result<pid_t> process = start_child(start);
  if (!process) return std::unexpected(process.error());
  sidecar.process_ = *process;
  sidecar.process_fd_ = runtime::FileDescriptor(static_cast<int>(syscall(SYS_pidfd_open, *process, 0)));
  if (!sidecar.process_fd_.is_valid()) return fail_errno("cannot watch the proxy (pidfd_open)", errno);
  return sidecar;
}

Sidecar::Sidecar(Sidecar&& other) noexcept
    : process_(std::exchange(other.process_, -1)),
      process_fd_(std::move(other.process_fd_)),
      ready_(std::move(other.ready_)) {}

Sidecar::~Sidecar() {
  stop(std::chrono::milliseconds(0));
}

bool Sidecar::read_ready() {
  char byte = 0;
  return read(ready_.get(), &byte, 1) == 1 && byte == 'R';
}

std::string Sidecar::reap() {
  return describe(wait_for(std::exchange(process_, -1)));
}

void Sidecar::stop(std::chrono::milliseconds patience) {
  if (process_ <= 0) return;
  if (patience.count() > 0) {
    kill(process_, SIGTERM);
    pollfd ended{process_fd_.get(), POLLIN, 0};
    poll(&ended, 1, static_cast<int>(patience.count()));
  }
  kill(process_, SIGKILL);
  (void)reap();
}

}  // namespace ripstop::cli
