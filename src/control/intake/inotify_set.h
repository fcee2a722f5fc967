// What the kernel is asked to tell about folders: a set of inotify watches that is rebuilt with every scan.
//
// A scan declares each folder and name it depends on before it looks at them, so nothing that changes afterwards can
// be missed. One thread.
#pragma once

#include <map>
#include <set>
#include <string>

#include "base/result.h"
#include "runtime/file_descriptor.h"

namespace ripstop::control {

class InotifySet {
 public:
  static Result<InotifySet> create();

  [[nodiscard]] int fd() const { return fd_.get(); }

  // Begins a new declaration; the watches so far stay until finish().
  void begin() { wanted_.clear(); }
  // Every entry of the folder whose name does not start with a dot. A folder that is gone is no error.
  Status want_folder(const std::string& folder);
  // One entry, whatever its name. A folder that is gone or closed to this user is no error.
  Status want_name(const std::string& folder, const std::string& name);
  // Drops the watches that were not declared again.
  void finish();

  // Reads all events; true when one of them concerns what was declared.
  Result<bool> drain();

 private:
  struct Interest {
    bool has_visible_names = false;
    std::set<std::string> names;
  };
  explicit InotifySet(int fd) : fd_(fd) {}
  Result<int> add(const std::string& folder);
  [[nodiscard]] bool concerns(int watch, unsigned mask, const std::string& name) const;

  runtime::FileDescriptor fd_;
  std::map<int, Interest> wanted_;   // by watch descriptor
  std::map<int, Interest> current_;  // as of the last finish()
};

}  // namespace ripstop::control
