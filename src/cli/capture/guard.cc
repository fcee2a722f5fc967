#include "cli/capture/guard.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "cli/capture/broker.h"
#include "cli/capture/descendants.h"
#include "cli/capture/descriptor_channel.h"
#include "cli/capture/inside_sockets.h"
#include "cli/capture/loopback.h"
#include "cli/capture/nft.h"
#include "cli/capture/privileges.h"
#include "cli/capture/ruleset.h"
#include "cli/system/process.h"

namespace ripstop::cli {
namespace {

constexpr int kGone = 1;

// The namespace, and its sockets sent to the supervisor.
Status set_up(int supervisor) {
  if (Status done = enter_network_namespace(); !done) return done;
  const Result<LoopbackState> loopback = set_up_loopback();
  if (!loopback) return std::unexpected(loopback.error());
  if (Status done = run_nft(member_ruleset()); !done) return done;
  const Result<InsideSockets> sockets = open_inside_sockets(loopback->has_ipv6);
  if (!sockets) return std::unexpected(sockets.error());
  if (Status done = drop_all_privileges(); !done) return done;
  if (Status sent = send_message(supervisor, "P" + std::to_string(loopback->first_free_port)); !sent) return sent;
  std::string kinds = "I";
  std::vector<int> descriptors;
  for (const runtime::FileDescriptor& fd : sockets->listening) {
    kinds += 'L';
    descriptors.push_back(fd.get());
  }
  for (const runtime::FileDescriptor& fd : sockets->dns) {
    kinds += 'D';
    descriptors.push_back(fd.get());
  }
  return send_message(supervisor, kinds, descriptors);
}

std::vector<char*> arguments_of(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  return arguments;
}

[[noreturn]] void become_application(const GuardTask& task, pid_t guard, int report) {
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (getppid() != guard) _exit(kGone);
  sigprocmask(SIG_SETMASK, &task.signal_mask, nullptr);
  const std::vector<char*> arguments = arguments_of(task.command);
  execvp(arguments.front(), arguments.data());
  const int reason = errno;
  (void)!write(report, &reason, sizeof reason);
  _exit(127);
}

class Guard {
 public:
  explicit Guard(GuardTask task) : task_(std::move(task)), broker_(std::move(task_.broker)) {}

  // Returns when the supervisor is gone, or when the application has ended and everything it started with it.
  void run() {
    sigset_t child_ended;
    sigemptyset(&child_ended);
    sigaddset(&child_ended, SIGCHLD);
    signals_ = runtime::FileDescriptor(signalfd(-1, &child_ended, SFD_CLOEXEC | SFD_NONBLOCK));
    while (turn()) {
    }
    end_descendants();
  }

 private:
  bool turn() {
    std::vector<pollfd> polled{{task_.supervisor.get(), POLLIN, 0}, {signals_.get(), POLLIN, 0}};
    broker_.watch(polled);
    if (poll(polled.data(), polled.size(), -1) < 0) return errno == EINTR;
    if (polled[0].revents != 0 && !serve_supervisor()) return false;
    if (polled[1].revents != 0) reap();
    return application_ >= 0 && broker_.serve(polled);
  }

  bool serve_supervisor() {
    const Result<Message> message = receive_message(task_.supervisor.get());
    if (!message) return false;
    if (message->bytes == "R" && application_ == 0) return start();
    const auto signal = parse_number<int>(std::string_view(message->bytes).substr(1));
    if (message->bytes.front() == 'S' && signal && application_ > 0) kill(application_, *signal);
    return true;
  }

  bool start() {
    std::array<int, 2> report{};
    if (pipe2(report.data(), O_CLOEXEC) != 0) return tell('F', errno);
    const pid_t guard = getpid();
    application_ = fork();
    if (application_ == 0) become_application(task_, guard, report[1]);
    const int fork_error = errno;
    close(report[1]);
    const runtime::FileDescriptor outcome(report[0]);
    if (application_ < 0) return tell('F', fork_error);
    int reason = 0;
    const bool has_failed = read(outcome.get(), &reason, sizeof reason) == sizeof reason;
    leave_the_terminal();
    if (!has_failed) return tell('A', 0);
    return tell('F', reason);
  }

  // The application alone keeps standard input, output and whatever else was inherited, so that whoever is at the other
  // end sees them close; and what is typed at the terminal does not reach the guard.
  static void leave_the_terminal() {
    const runtime::FileDescriptor nothing(open("/dev/null", O_RDWR | O_CLOEXEC));
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) dup2(nothing.get(), fd);
    for (const int fd : inherited_descriptors()) close(fd);
    setsid();
  }

  void reap() {
    signalfd_siginfo ignored{};
    while (read(signals_.get(), &ignored, sizeof ignored) > 0) {
    }
    for (;;) {
      int status = 0;
      const pid_t ended = waitpid(-1, &status, WNOHANG);
      if (ended <= 0) return;
      if (ended != application_) continue;
      application_ = -1;
      tell('W', status);
    }
  }

  bool tell(char what, int number) {
    return send_message(task_.supervisor.get(), what + std::to_string(number)).has_value();
  }

  GuardTask task_;
  Broker broker_;
  runtime::FileDescriptor signals_;
  pid_t application_ = 0;  // 0 not started, -1 ended
};

}  // namespace

void run_guard(GuardTask task) {
  // Same user as the application, but not to be traced by it.
  prctl(PR_SET_NAME, "ripstop-guard", 0, 0, 0);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  adopt_orphans();
  const int supervisor = task.supervisor.get();
  if (const Status ready = set_up(supervisor); !ready) {
    (void)send_message(supervisor, "E" + ready.error().message);
    _exit(kGone);
  }
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  Guard(std::move(task)).run();
  _exit(0);
}

}  // namespace ripstop::cli
