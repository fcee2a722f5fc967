#include "control/intake/directory_watch.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/hash.h"

namespace ripstop::control {
namespace {

std::string hash_of(const FolderContent& content) {
  std::string parts;
  for (const FolderFile& file : content.files) {
    parts += file.path + '\0' + content_version(file.bytes) + file.complaint.value_or("") + '\0';
  }
  return content_version(parts);
}

}  // namespace

Result<DirectoryWatch> DirectoryWatch::open(std::string root, DirectoryWatchOptions options) {
  while (root.size() > 1 && root.ends_with('/')) root.pop_back();
  Result<InotifySet> watches = InotifySet::create();
  if (!watches) return fail_with(watches);
  DirectoryWatch watch(std::move(root), options, std::move(*watches));
  if (Status prepared = watch.prepare(); !prepared) return fail_with(prepared);
  return watch;
}

Status DirectoryWatch::prepare() {
  timer_ = runtime::FileDescriptor(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  epoll_ = runtime::FileDescriptor(::epoll_create1(EPOLL_CLOEXEC));
  if (!timer_.is_valid() || !epoll_.is_valid()) return fail_errno("a folder cannot be watched", errno);
  for (const int fd : {timer_.get(), watches_.fd()}) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
      return fail_errno("a folder cannot be watched", errno);
    }
  }
  arm(Duration::zero());
  return {};
}

void DirectoryWatch::arm(Duration delay) {
  // A timer of zero would be switched off instead of firing at once.
  const auto nanoseconds = std::max<int64_t>(1, std::chrono::nanoseconds(delay).count());
  itimerspec when{};
  when.it_value.tv_sec = nanoseconds / 1'000'000'000;
  when.it_value.tv_nsec = nanoseconds % 1'000'000'000;
  ::timerfd_settime(timer_.get(), 0, &when, nullptr);
}

void DirectoryWatch::note_change(TimePoint now) {
  if (!unsettled_since_) unsettled_since_ = now;
  const Duration patience = std::max(Duration::zero(), *unsettled_since_ + options_.max_delay - now);
  arm(std::min(options_.settle, patience));
}

bool DirectoryWatch::take_expiry() const {
  uint64_t expirations = 0;
  return ::read(timer_.get(), &expirations, sizeof expirations) == sizeof expirations;
}

Result<std::optional<FolderContent>> DirectoryWatch::drain(TimePoint now) {
  // Asked before the events, because arming the timer anew takes an expiry back.
  const bool has_expired = take_expiry();
  const Result<bool> has_changed = watches_.drain();
  if (!has_changed) return std::unexpected(has_changed.error());
  const bool is_overdue = unsettled_since_ && now >= *unsettled_since_ + options_.max_delay;
  if (*has_changed && !is_overdue) {
    note_change(now);
    return std::nullopt;
  }
  if (!has_expired && !is_overdue) return std::nullopt;
  return rescan(now);
}

Result<std::optional<FolderContent>> DirectoryWatch::rescan(TimePoint now) {
  watches_.begin();
  Result<FolderContent> content = scan_folder(root_, options_.limits, watches_);
  const Result<bool> has_changed = watches_.drain();
  if (!has_changed) return std::unexpected(has_changed.error());
  watches_.finish();
  const bool is_overdue = unsettled_since_ && now >= *unsettled_since_ + options_.max_delay;
  if (*has_changed) {
    if (is_overdue) unsettled_since_.reset();
    note_change(now);
    if (!is_overdue) return std::nullopt;
  } else {
    unsettled_since_.reset();
  }
  if (!content) {
    given_.reset();
    return std::unexpected(content.error());
  }
  std::string hash = hash_of(*content);
  if (given_ == hash) return std::nullopt;
  given_ = std::move(hash);
  return std::move(*content);
}

}  // namespace ripstop::control
