#include "cli/demo/attention.h"

#include <poll.h>

#include <algorithm>
#include <vector>

namespace ripstop::cli::demo {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLongestPoll{60'000};

int milliseconds_until(TimePoint when, TimePoint now) {
  if (when - now > kLongestPoll) return static_cast<int>(kLongestPoll.count());
  return static_cast<int>(std::max<long>(std::chrono::ceil<milliseconds>(when - now).count(), 0));
}

}  // namespace

void Attention::every(milliseconds pulse, std::function<void()> on_pulse) {
  pulse_ = pulse;
  on_pulse_ = std::move(on_pulse);
  next_pulse_ = on_pulse_ ? Clock::now() : kNever;
}

Result<bool> Attention::wait(std::initializer_list<int> fds, TimePoint deadline) {
  std::vector<pollfd> polled{{signals_.fd(), POLLIN, 0}};
  for (const int fd : fds) polled.push_back({fd, POLLIN, 0});
  for (;;) {
    take_signals();
    if (ending_signal_) return fail(ErrorCode::kCancelled, "interrupted");
    poll(polled.data(), polled.size(), milliseconds_until(std::min(deadline, next_pulse_), Clock::now()));
    if (std::any_of(polled.begin() + 1, polled.end(), [](const pollfd& one) { return one.revents != 0; })) return true;
    const TimePoint now = Clock::now();
    if (now >= next_pulse_) {
      on_pulse_();
      next_pulse_ = Clock::now() + pulse_;
    }
    if (now >= deadline) return false;
  }
}

Status Attention::pause(milliseconds duration) {
  Result<bool> waited = wait({}, Clock::now() + duration);
  if (!waited) return fail_with(waited);
  return {};
}

void Attention::take_signals() {
  while (const auto signal = signals_.take()) {
    if (is_ending(signal->number)) ending_signal_ = signal->number;
  }
}

}  // namespace ripstop::cli::demo
