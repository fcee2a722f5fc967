// Keeps the catalogue in step with folders of YAML (GitOps).
#pragma once

#include <functional>
#include <list>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/intake/catalogue.h"
#include "control/intake/directory_watch.h"
#include "runtime/scope.h"
#include "runtime/socket.h"

namespace ripstop::control {

// One thread, with a reactor.
class FolderFollower {
 public:
  // Calls `on_change` after the catalogue has followed. Both must outlive it.
  FolderFollower(Catalogue& catalogue, std::function<void()> on_change)
      : catalogue_(catalogue), on_change_(std::move(on_change)) {}

  // Follows all of them together, for ever. A folder need not exist yet; nothing is followed before each has been seen
  // once, so that a folder that comes late does not take back what another run has read from it.
  Status start(const std::vector<std::string>& folders);

 private:
  struct Watched {
    std::string path;
    DirectoryWatch watch;
    runtime::Socket socket;
  };
  runtime::Task<void> follow(Watched& watched);
  void take(const std::string& path, FolderContent content);

  Catalogue& catalogue_;
  std::function<void()> on_change_;
  std::list<Watched> folders_;
  std::map<std::string, FolderContent> contents_;  // the last of each, by folder
  runtime::Scope scope_;
};

}  // namespace ripstop::control
