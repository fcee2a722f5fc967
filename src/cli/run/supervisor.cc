#include "cli/run/supervisor.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "base/time.h"
#include "cli/capture/member_namespace.h"
#include "cli/command.h"
#include "cli/run/leave.h"
#include "cli/run/run_folder.h"
#include "cli/run/sidecar.h"
#include "cli/run/signals.h"
#include "cli/system/log_tail.h"
#include "cli/system/program.h"
#include "runtime/socket.h"
#include "runtime/socket_address.h"

namespace ripstop::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kDrainPatience{4000};
constexpr milliseconds kFirstPause{100};
constexpr milliseconds kLongestPause{5000};
// A proxy that lived so long starts its back-off anew.
constexpr auto kStable = std::chrono::seconds(10);
constexpr size_t kShownLogLines = 8;
// Between two looks at whether a member that leaves may go.
constexpr milliseconds kLeaveStep{10};

Result<runtime::FileDescriptor> listen_on_host(SocketAddress& address) {
  Result<runtime::FileDescriptor> fd =
      runtime::open_listener(runtime::Endpoint{SocketAddress{IpAddress::loopback_v4(), 0}, {}});
  if (!fd) return fd;
  runtime::KernelAddress bound;
  if (getsockname(fd->get(), bound.get(), &bound.size) != 0) return fail_errno("getsockname", errno);
  address = runtime::from_kernel(bound).value_or(SocketAddress{});
  return fd;
}

int milliseconds_until(TimePoint when) {
  if (when == kNever) return -1;
  const auto left = std::chrono::ceil<milliseconds>(when - Clock::now()).count();
  return static_cast<int>(std::clamp<long>(left, 0, 60'000));
}

class Supervisor {
 public:
  Supervisor(RunRequest request, ControlPlane control_plane, PassedSignals signals)
      : request_(std::move(request)), control_plane_(std::move(control_plane)), signals_(std::move(signals)) {}

  // The exit status, or why it never came to one.
  Result<int> run() {
    if (Status done = prepare(); !done) return fail_with(done);
    const Result<std::optional<int>> aborted = start_first_sidecar();
    if (!aborted) return std::unexpected(aborted.error());
    if (*aborted) return kExitSignalled + **aborted;
    if (Status done = inside_->release_application(); !done) return fail_with(done);
    while (!exit_status_) turn();
    return *exit_status_;
  }

  void clean_up() {
    // First leave the mesh, so that nobody is sent here any more, then let what is under way finish.
    if (registration_ && !has_left_) (void)deregister_member(control_plane_, registration_->id);
    if (sidecar_) sidecar_->stop(kDrainPatience);
    sidecar_.reset();
    inside_.reset();
    folder_.reset();
  }

 private:
  Status prepare() {
    proxy_program_ = find_own_program("ripstop-proxy", "RIPSTOP_PROXY");
    if (proxy_program_.empty()) {
      return fail(
          ErrorCode::kNotFound,
          "the program `ripstop-proxy` is missing: it belongs beside `ripstop`, on PATH, or where RIPSTOP_PROXY "
          "says");
    }
    if (Status done = open_namespace(); !done) return done;
    for (const uint16_t port : request_.ports) {
      MemberPort& added = request_.member.ports.emplace_back(MemberPort{port, {}});
      if (Status done = listen(added.address); !done) return done;
    }
    if (Status done = listen(request_.member.admin); !done) return done;
    sweep_dead_members(request_.home, control_plane_);
    return join();
  }

  Status open_namespace() {
    Result<MemberNamespace> opened = MemberNamespace::open(request_.command, signals_.original_mask());
    if (!opened) return fail_with(opened);
    inside_ = std::make_unique<MemberNamespace>(std::move(*opened));
    for (const uint16_t port : request_.ports) {
      if (port >= inside_->first_free_port()) continue;
      return fail(ErrorCode::kPermissionDenied,
                  fmt::format("port {} cannot be bound without root here: /proc/sys is not writable, so "
                              "net.ipv4.ip_unprivileged_port_start stays {}",
                              port, inside_->first_free_port()));
    }
    return {};
  }

  Status listen(SocketAddress& address) {
    Result<runtime::FileDescriptor> fd = listen_on_host(address);
    if (!fd) return fail_with(fd);
    on_host_.push_back(std::move(*fd));
    return {};
  }

  // Registers, and writes what the proxy reads.
  Status join() {
    Result<Registration> registered = register_member(control_plane_, request_.member);
    if (!registered) return fail_with(registered);
    registration_ = std::move(*registered);
    has_left_ = false;
    if (folder_) return folder_->write(request_.member, *registration_);
    Result<RunFolder> folder = RunFolder::create(request_.home, request_.member, *registration_);
    if (!folder) return fail_with(folder);
    folder_ = std::make_unique<RunFolder>(std::move(*folder));
    say_if_verbose(fmt::format("{} is {}", registration_->id, registration_->spiffe_id));
    return {};
  }

  Status start_sidecar() {
    SidecarSettings settings{.program = proxy_program_,
                             .bootstrap = folder_->bootstrap(),
                             .join_token = folder_->join_token(),
                             .roots = folder_->roots(),
                             .log = folder_->log(),
                             .authority = registration_->xds_address,
                             .spiffe_id = registration_->spiffe_id,
                             .listening = {},
                             .dns = {},
                             .broker = inside_->broker(),
                             .log_level = request_.is_verbose ? "debug" : ""};
    for (const runtime::FileDescriptor& fd : inside_->listening()) settings.listening.push_back(fd.get());
    for (const runtime::FileDescriptor& fd : on_host_) settings.listening.push_back(fd.get());
    for (const runtime::FileDescriptor& fd : inside_->dns()) settings.dns.push_back(fd.get());
    Result<Sidecar> started = Sidecar::start(settings);
    if (!started) return fail_with(started);
    sidecar_ = std::make_unique<Sidecar>(std::move(*started));
    started_at_ = Clock::now();
    return {};
  }

  // nullopt when the proxy is ready, a signal's number when one came that ends.
  Result<std::optional<int>> start_first_sidecar() {
    if (Status done = start_sidecar(); !done) return fail_with(done);
    const TimePoint deadline = Clock::now() + request_.patience;
    for (;;) {
      std::array<pollfd, 3> polled{
          {{signals_.fd(), POLLIN, 0}, {sidecar_->ready_fd(), POLLIN, 0}, {sidecar_->process_fd(), POLLIN, 0}}};
      poll(polled.data(), polled.size(), milliseconds_until(deadline));
      if (const auto signal = signals_.take(); signal && is_ending(signal->number)) return signal->number;
      if (polled[1].revents != 0 && sidecar_->read_ready()) return std::nullopt;
      if (polled[2].revents != 0) return sidecar_failure("the proxy ended with " + sidecar_->reap());
      // Closed without a word: it is about to end.
      if (polled[1].revents != 0) return sidecar_failure("the proxy gave up");
      if (Clock::now() >= deadline) {
        return sidecar_failure(fmt::format("the proxy was not ready within {} s", request_.patience.count() / 1000),
                               ErrorCode::kTimeout);
      }
    }
  }

  std::unexpected<Error> sidecar_failure(const std::string& what, ErrorCode code = ErrorCode::kInternal) {
    // What it says on its way out is the reason.
    sidecar_->stop(milliseconds(1000));
    const std::string said = last_lines(folder_->log(), kShownLogLines);
    return fail(code, what + (said.empty() ? ", and its log is empty" : "; the end of its log:" + said));
  }

  void turn() {
    std::array<pollfd, 3> polled{{{signals_.fd(), POLLIN, 0},
                                  {inside_->reports(), POLLIN, 0},
                                  {sidecar_ ? sidecar_->process_fd() : -1, POLLIN, 0}}};
    poll(polled.data(), polled.size(),
         milliseconds_until(leave_ ? std::min(restart_at_, Clock::now() + kLeaveStep) : restart_at_));
    while (const auto signal = signals_.take()) take_signal(*signal);
    if (leave_ && leave_->is_over()) pass_on(std::exchange(held_back_, 0));
    if (polled[1].revents != 0) take_report(inside_->read_report());
    if (exit_status_) return;
    if (polled[2].revents != 0) sidecar_ended();
    if (Clock::now() >= restart_at_) restart_sidecar();
  }

  // Whoever serves others leaves the mesh before it is told to end. A second signal is passed on at once.
  void take_signal(const ReceivedSignal& signal) {
    if (signal.is_from_terminal) return;
    const bool leaves_first = signal.number == SIGTERM && !has_left_ && !request_.ports.empty() && sidecar_;
    if (!leaves_first) return pass_on(signal.number);
    has_left_ = true;
    held_back_ = signal.number;
    leave_.emplace(control_plane_, registration_->id, request_.member.admin);
  }

  void pass_on(int signal) {
    leave_.reset();
    inside_->signal_application(signal);
  }

  void take_report(const GuardReport& report) {
    switch (report.kind) {
      case GuardReport::Kind::kStarted:
        return;
      case GuardReport::Kind::kCannotStart:
        say(fmt::format("cannot run {}: {}", request_.command.front(), std::strerror(report.number)));
        exit_status_ = report.number == ENOENT ? kExitNotFound : kExitCannotRun;
        return;
      case GuardReport::Kind::kEnded:
        exit_status_ =
            WIFSIGNALED(report.number) ? kExitSignalled + WTERMSIG(report.number) : WEXITSTATUS(report.number);
        return;
      case GuardReport::Kind::kGuardLost:
        say("the process inside the member's namespace is gone, and the application with it");
        exit_status_ = kExitRunFailed;
        return;
    }
  }

  void sidecar_ended() {
    const std::string how = sidecar_->reap();
    sidecar_.reset();
    if (Clock::now() - started_at_ >= kStable) pause_ = kFirstPause;
    restart_at_ = Clock::now() + pause_;
    say(fmt::format("the proxy of {} ended with {} and is started again", registration_->id, how));
    pause_ = std::min(pause_ * 2, kLongestPause);
  }

  // Its certificate went with it, so it joins anew; the listening sockets have stayed, so clients only waited.
  void restart_sidecar() {
    restart_at_ = kNever;
    (void)deregister_member(control_plane_, registration_->id);
    Status done = join();
    if (done) done = start_sidecar();
    if (done) return;
    say("cannot start the proxy again, and will try once more: " + done.error().message);
    restart_at_ = Clock::now() + pause_;
    pause_ = std::min(pause_ * 2, kLongestPause);
  }

  static void say(const std::string& text) { fmt::print(stderr, "ripstop: {}\n", text); }
  void say_if_verbose(const std::string& text) const {
    if (request_.is_verbose) say(text);
  }

  RunRequest request_;
  ControlPlane control_plane_;
  PassedSignals signals_;
  std::string proxy_program_;
  std::unique_ptr<MemberNamespace> inside_;
  std::vector<runtime::FileDescriptor> on_host_;
  std::optional<Registration> registration_;
  std::unique_ptr<RunFolder> folder_;
  std::unique_ptr<Sidecar> sidecar_;
  TimePoint started_at_{};
  TimePoint restart_at_ = kNever;
  milliseconds pause_ = kFirstPause;
  std::optional<int> exit_status_;
  std::optional<Leave> leave_;
  int held_back_ = 0;  // the signal that it waits for
  bool has_left_ = false;
};

}  // namespace

int run_member(RunRequest request) {
  const auto failed = [](const Error& error) {
    (void)report_error(error);
    return kExitRunFailed;
  };
  Result<PassedSignals> signals = PassedSignals::block();
  if (!signals) return failed(signals.error());
  Result<ControlPlane> control_plane = ControlPlane::open(request.home);
  if (!control_plane) return failed(control_plane.error());
  Supervisor supervisor(std::move(request), std::move(*control_plane), std::move(*signals));
  const Result<int> status = supervisor.run();
  supervisor.clean_up();
  return status ? *status : failed(status.error());
}

}  // namespace ripstop::cli
