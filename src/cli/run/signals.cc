#include "cli/run/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

namespace ripstop::cli {
namespace {

sigset_t passed_signals() {
  sigset_t passed;
  sigemptyset(&passed);
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH, SIGALRM}) {
    sigaddset(&passed, signal);
  }
  for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal) sigaddset(&passed, signal);
  return passed;
}

}  // namespace

Result<PassedSignals> PassedSignals::block() {
  PassedSignals signals;
  // With an inherited "ignore" children would vanish without a status.
  ::signal(SIGCHLD, SIG_DFL);
  const sigset_t passed = passed_signals();
  sigset_t blocked = passed;
  // Writing to a closed standard error must not end the supervisor.
  sigaddset(&blocked, SIGPIPE);
  if (sigprocmask(SIG_BLOCK, &blocked, &signals.original_) != 0) return fail_errno("cannot block signals", errno);
  signals.fd_ = runtime::FileDescriptor(signalfd(-1, &passed, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals.fd_.is_valid()) return fail_errno("signalfd", errno);
  return signals;
}

std::optional<ReceivedSignal> PassedSignals::take() {
  signalfd_siginfo received{};
  if (read(fd_.get(), &received, sizeof received) != sizeof received) return std::nullopt;
  return ReceivedSignal{static_cast<int>(received.ssi_signo), received.ssi_code == SI_KERNEL};
}

bool is_ending(int signal) {
  return signal == SIGHUP || signal == SIGINT || signal == SIGQUIT || signal == SIGTERM;
}

}  // namespace ripstop::cli
