#include "cli/demo/child.h"

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

namespace ripstop::cli::demo {
namespace {

// More than a member takes to drain.
constexpr std::chrono::milliseconds kEndPatience{8000};
constexpr int kSignalled = 128;

}  // namespace

Result<Child> Child::start(ChildStart start) {
  start.dies_with_parent = true;
  const Result<pid_t> started = start_child(start);
  if (!started) return std::unexpected(started.error());
  Child child;
  child.process_ = *started;
  child.process_fd_ = runtime::FileDescriptor(static_cast<int>(syscall(SYS_pidfd_open, *started, 0)));
  if (!child.process_fd_.is_valid()) return fail_errno("pidfd_open", errno);
  return child;
}

Child::Child(Child&& other) noexcept
    : process_(std::exchange(other.process_, -1)), process_fd_(std::move(other.process_fd_)) {}

Child& Child::operator=(Child&& other) noexcept {
  end();
  process_ = std::exchange(other.process_, -1);
  process_fd_ = std::move(other.process_fd_);
  return *this;
}

Child::~Child() {
  end();
}

bool Child::has_ended(std::chrono::milliseconds patience) const {
  pollfd polled{process_fd_.get(), POLLIN, 0};
  return process_ < 0 || poll(&polled, 1, static_cast<int>(patience.count())) > 0;
}

void Child::signal(int number) const {
  if (process_ > 0) kill(process_, number);
}

int Child::reap() {
  int status = 0;
  while (waitpid(process_, &status, 0) < 0 && errno == EINTR) continue;
  process_ = -1;
  return WIFSIGNALED(status) ? kSignalled + WTERMSIG(status) : WEXITSTATUS(status);
}

void Child::end() {
  if (process_ < 0) return;
  signal(SIGTERM);
  if (!process_fd_.is_valid() || !has_ended(kEndPatience)) signal(SIGKILL);
  (void)reap();
}

}  // namespace ripstop::cli::demo
