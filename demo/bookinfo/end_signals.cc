#include "bookinfo/end_signals.h"

#include <sys/signalfd.h>

#include <csignal>

namespace ripstop::bookinfo {

Result<runtime::Socket> open_end_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return runtime::Socket::adopt(runtime::FileDescriptor(signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC)));
}

runtime::Task<void> wait_for_end_signal(runtime::Socket& signals) {
  signalfd_siginfo info{};
  while (signals.try_read({reinterpret_cast<char*>(&info), sizeof info}).state != runtime::Transfer::State::kDone) {
    co_await signals.readable().wait();
  }
}

}  // namespace ripstop::bookinfo
