#include "cli/capture/member_namespace.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "cli/capture/descriptor_channel.h"
#include "cli/capture/guard.h"

namespace ripstop::cli {

Result<MemberNamespace> MemberNamespace::open(const std::vector<std::string>& command, const sigset_t& signal_mask) {
  Result<Channel> control = make_channel();
  if (!control) return fail_with(control);
  Result<Channel> broker = make_channel();
  if (!broker) return fail_with(broker);
  MemberNamespace opened;
  opened.guard_ = fork();
  if (opened.guard_ < 0) return fail_errno("cannot start a process", errno);
  if (opened.guard_ == 0) {
    control->here.close();
    broker->here.close();
    run_guard({.command = command,
               .signal_mask = signal_mask,
               .supervisor = std::move(control->there),
               .broker = std::move(broker->there)});
  }
  opened.supervisor_ = std::move(control->here);
  opened.broker_ = std::move(broker->here);
  control->there.close();
  broker->there.close();
  if (Status ready = opened.await_ready(); !ready) return fail_with(ready);
  return opened;
}

MemberNamespace::MemberNamespace(MemberNamespace&& other) noexcept
    : supervisor_(std::move(other.supervisor_)),
      broker_(std::move(other.broker_)),
      listening_(std::move(other.listening_)),
      dns_(std::move(other.dns_)),
      first_free_port_(other.first_free_port_),
      guard_(std::exchange(other.guard_, -1)) {}

Status MemberNamespace::await_ready() {
  for (;;) {
    Result<Message> message = receive_message(supervisor_.get());
    if (!message) return fail(ErrorCode::kInternal, "the process inside the member's namespace ended unexpectedly");
    const std::string_view text = std::string_view(message->bytes).substr(1);
    const char what = message->bytes.front();
    if (what == 'E') return fail(ErrorCode::kPermissionDenied, std::string(text));
    if (what == 'P') first_free_port_ = parse_number<uint16_t>(text).value_or(1024);
    if (what != 'I') continue;
    if (text.size() != message->descriptors.size()) return fail(ErrorCode::kInternal, "a socket was lost on its way");
    for (size_t index = 0; index < text.size(); ++index) {
      (text[index] == 'L' ? listening_ : dns_).push_back(std::move(message->descriptors[index]));
    }
    return {};
  }
}

Status MemberNamespace::release_application() {
  return send_message(supervisor_.get(), "R");
}

void MemberNamespace::signal_application(int signal) {
  (void)send_message(supervisor_.get(), "S" + std::to_string(signal));
}

GuardReport MemberNamespace::read_report() {
  const Result<Message> message = receive_message(supervisor_.get());
  if (!message) return {};
  const auto number = parse_number<int>(std::string_view(message->bytes).substr(1)).value_or(0);
  switch (message->bytes.front()) {
    case 'A':
      return {GuardReport::Kind::kStarted, number};
    case 'F':
      return {GuardReport::Kind::kCannotStart, number};
    case 'W':
      return {GuardReport::Kind::kEnded, number};
    default:
      return {};
  }
}

void MemberNamespace::close() {
  supervisor_.close();
  if (guard_ <= 0) return;
  while (waitpid(guard_, nullptr, 0) < 0 && errno == EINTR) {
  }
  guard_ = -1;
}

}  // namespace ripstop::cli
