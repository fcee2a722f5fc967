#include "control/folder_follower.h"

#include <fcntl.h>

#include <cerrno>
#include <set>
#include <utility>

#include "base/log.h"
#include "runtime/reactor.h"

namespace ripstop::control {
namespace {

std::string sentence(const model::Finding& finding) {
  std::string text = finding.file + ":" + std::to_string(finding.line) + ": " + finding.message;
  return finding.remedy.empty() ? text : text + " " + finding.remedy;
}

void tell(const Verdict& verdict) {
  for (const model::Finding& finding : verdict.findings) {
    if (finding.severity == model::Severity::kError) log::error("control.intake", sentence(finding));
  }
  if (verdict.changes != 0) {
    log::info("control.intake", std::to_string(verdict.changes) + " resources of the watched folders have changed");
  }
}

}  // namespace

Status FolderFollower::start(const std::vector<std::string>& folders) {
  for (const std::string& path : std::set<std::string>(folders.begin(), folders.end())) {
    auto watch = DirectoryWatch::open(path);
    if (!watch) return fail_with(watch);
    // The reactor closes what it adopts; the watch keeps its own descriptor.
    runtime::FileDescriptor copy(::fcntl(watch->fd(), F_DUPFD_CLOEXEC, 0));
    if (!copy.is_valid()) return fail_errno("cannot watch " + path, errno);
    auto socket = runtime::Socket::adopt(std::move(copy));
    if (!socket) return fail_with(socket);
    folders_.push_back({path, std::move(*watch), std::move(*socket)});
  }
  for (Watched& watched : folders_) scope_.spawn(follow(watched));
  return {};
}

runtime::Task<void> FolderFollower::follow(Watched& watched) {
  std::string complaint;
  while (true) {
    watched.socket.readable().clear();
    auto content = watched.watch.drain(runtime::Reactor::current().now());
    if (!content && content.error().message != std::exchange(complaint, content.error().message)) {
      log::warning("control.intake", content.error().message);
    }
    if (content && *content) {
      complaint.clear();
      take(watched.path, std::move(**content));
      continue;
    }
    co_await watched.socket.readable().wait();
  }
}

void FolderFollower::take(const std::string& path, FolderContent content) {
  contents_.insert_or_assign(path, std::move(content));
  if (contents_.size() != folders_.size()) return;
  FolderContent all;
  for (const auto& [folder, files] : contents_) {
    all.files.insert(all.files.end(), files.files.begin(), files.files.end());
  }
  const auto verdict = catalogue_.follow(all, WallClock::now());
  if (!verdict) {
    log::error("control.intake", verdict.error().message);
    return;
  }
  tell(*verdict);
  on_change_();
}

}  // namespace ripstop::control
