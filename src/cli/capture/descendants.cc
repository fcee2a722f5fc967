#include "cli/capture/descendants.h"

#include <dirent.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "base/text.h"
#include "base/time.h"
#include "runtime/file.h"

namespace ripstop::cli {
namespace {

constexpr auto kGrace = std::chrono::seconds(1);
constexpr auto kGiveUp = std::chrono::seconds(5);
constexpr int kPauseMilliseconds = 5;

std::vector<Parenthood> all_processes() {
  struct Closer {
    void operator()(DIR* folder) const { closedir(folder); }
  };
  std::vector<Parenthood> found;
  const std::unique_ptr<DIR, Closer> folder(opendir("/proc"));
  if (!folder) return found;
  while (const dirent* entry = readdir(folder.get())) {
    if (!parse_number<pid_t>(entry->d_name)) continue;
    const Result<std::string> stat = runtime::read_file("/proc/" + std::string(entry->d_name) + "/stat", 8192);
    if (stat) found.push_back(parse_parenthood(*stat));
  }
  return found;
}

// True while there is a child.
bool reap() {
  for (;;) {
    const pid_t ended = waitpid(-1, nullptr, WNOHANG | __WALL);
    if (ended < 0 && errno == EINTR) continue;
    if (ended <= 0) return ended == 0;
  }
}

void signal_descendants(int signal) {
  for (const pid_t process : descendants_of(getpid(), all_processes())) kill(process, signal);
}

}  // namespace

Parenthood parse_parenthood(std::string_view stat) {
  const size_t name_end = stat.rfind(')');
  const size_t name_start = stat.find(" (");
  if (name_end == std::string_view::npos || name_start == std::string_view::npos) return {};
  const std::vector<std::string_view> rest = split(stat.substr(name_end + 1), ' ');
  // " S 123 …": an empty piece, the state, the parent.
  if (rest.size() < 3) return {};
  return {parse_number<pid_t>(stat.substr(0, name_start)).value_or(0), parse_number<pid_t>(rest[2]).value_or(0)};
}

std::vector<pid_t> descendants_of(pid_t ancestor, const std::vector<Parenthood>& processes) {
  std::unordered_multimap<pid_t, pid_t> children;
  for (const Parenthood& one : processes) children.emplace(one.parent, one.process);
  std::vector<pid_t> found;
  std::unordered_set<pid_t> seen{ancestor};
  std::vector<pid_t> open{ancestor};
  while (!open.empty()) {
    const auto [first, last] = children.equal_range(open.back());
    open.pop_back();
    for (auto child = first; child != last; ++child) {
      if (!seen.insert(child->second).second) continue;
      found.push_back(child->second);
      open.push_back(child->second);
    }
  }
  return found;
}

void adopt_orphans() {
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

void end_descendants() {
  if (!reap()) return;
  signal_descendants(SIGTERM);
  signal_descendants(SIGCONT);
  const TimePoint start = Clock::now();
  while (reap() && Clock::now() < start + kGiveUp) {
    if (Clock::now() > start + kGrace) signal_descendants(SIGKILL);
    poll(nullptr, 0, kPauseMilliseconds);
  }
}

}  // namespace ripstop::cli
