#include "control/intake/inotify_set.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ripstop::control {
namespace {

// IN_MODIFY beside IN_CLOSE_WRITE: while somebody is still writing the folder has not settled.
constexpr uint32_t kMask = IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
                           IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

}  // namespace

Result<InotifySet> InotifySet::create() {
  const int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd < 0) {
    return fail_errno("folders cannot be watched; raise the sysctl fs.inotify.max_user_instances", errno);
  }
  return InotifySet(fd);
}

Result<int> InotifySet::add(const std::string& folder) {
  const int watch = ::inotify_add_watch(fd_.get(), folder.c_str(), kMask);
  if (watch >= 0) return watch;
  if (errno == ENOSPC) {
    return fail(ErrorCode::kTooLarge,
                "the folder " + folder + " cannot be watched; raise the sysctl fs.inotify.max_user_watches");
  }
  if (errno == ENOENT || errno == ENOTDIR || errno == EACCES) return -1;
  return fail_errno("the folder " + folder + " cannot be watched", errno);
}

Status InotifySet::want_folder(const std::string& folder) {
  const Result<int> watch = add(folder);
  if (!watch) return std::unexpected(watch.error());
  if (*watch >= 0) wanted_[*watch].has_visible_names = true;
  return {};
}

Status InotifySet::want_name(const std::string& folder, const std::string& name) {
  const Result<int> watch = add(folder);
  if (!watch) return std::unexpected(watch.error());
  if (*watch >= 0) wanted_[*watch].names.insert(name);
  return {};
}

void InotifySet::finish() {
  for (const auto& [watch, interest] : current_) {
    if (!wanted_.contains(watch)) ::inotify_rm_watch(fd_.get(), watch);
  }
  current_ = std::move(wanted_);
  wanted_.clear();
}

bool InotifySet::concerns(int watch, unsigned mask, const std::string& name) const {
  if ((mask & IN_Q_OVERFLOW) != 0) return true;
  if ((mask & IN_IGNORED) != 0) return false;  // the echo of a watch that was removed
  // During a scan a folder may be declared already and not yet be finished.
  for (const auto* interests : {&current_, &wanted_}) {
    const auto found = interests->find(watch);
    if (found == interests->end()) continue;
    if (name.empty() || found->second.names.contains(name)) return true;
    if (found->second.has_visible_names && !name.starts_with('.')) return true;
  }
  return false;
}

Result<bool> InotifySet::drain() {
  bool is_concerned = false;
  alignas(inotify_event) char buffer[16 * 1024];
  while (true) {
    const ssize_t size = ::read(fd_.get(), buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return is_concerned;
    if (size <= 0) return fail_errno("changes of watched folders cannot be read", errno);
    for (ssize_t at = 0; at < size;) {
      inotify_event event;
      std::memcpy(&event, buffer + at, sizeof event);
      const std::string name = event.len == 0 ? "" : std::string(buffer + at + sizeof event);
      is_concerned = is_concerned || concerns(event.wd, event.mask, name);
      at += static_cast<ssize_t>(sizeof event + event.len);
    }
  }
}

}  // namespace ripstop::control
