// A folder of YAML that is followed for ever (GitOps): whole, consistent sets of files, when they change.
//
// Works with editors that replace by rename, with `git checkout`, and with trees that are exchanged by a symbolic link
// as Kubernetes and git-sync do. One descriptor to wait for, no thread. One thread uses it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "control/intake/folder_scan.h"
#include "control/intake/inotify_set.h"
#include "runtime/file_descriptor.h"

namespace ripstop::control {

struct DirectoryWatchOptions {
  Duration settle = std::chrono::milliseconds(200);  // quiet time that ends a series of changes; may be 0
  Duration max_delay = std::chrono::seconds(5);      // a folder that is never quiet is read after this all the same
  FolderLimits limits;
};

class DirectoryWatch {
 public:
  // The folder need not exist yet.
  static Result<DirectoryWatch> open(std::string root, DirectoryWatchOptions options = {});

  // Readable when drain() has something to do; at once after open().
  [[nodiscard]] int fd() const { return epoll_.get(); }

  // To be called whenever fd() is readable; never blocks on anything but files. The content when the folder has
  // settled and differs from what was given last, else nothing: then wait for fd() again. An error leaves the watch
  // usable, and what was given last should stay in force: kNotFound while the folder is missing, kTooLarge over a
  // limit.
  Result<std::optional<FolderContent>> drain(TimePoint now);

 private:
  DirectoryWatch(std::string root, DirectoryWatchOptions options, InotifySet watches)
      : root_(std::move(root)), options_(options), watches_(std::move(watches)) {}
  Status prepare();
  void arm(Duration delay);
  void note_change(TimePoint now);
  [[nodiscard]] bool take_expiry() const;
  Result<std::optional<FolderContent>> rescan(TimePoint now);

  std::string root_;
  DirectoryWatchOptions options_;
  InotifySet watches_;
  runtime::FileDescriptor timer_;
  runtime::FileDescriptor epoll_;
  std::optional<TimePoint> unsettled_since_;
  std::optional<std::string> given_;  // hash of what drain() gave last
};

}  // namespace ripstop::control
