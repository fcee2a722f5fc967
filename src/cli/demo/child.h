// A process that lives no longer than its owner.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>

#include "base/result.h"
#include "cli/system/process.h"
#include "runtime/file_descriptor.h"

namespace ripstop::cli::demo {

class Child {
 public:
  // Killed with the calling thread, whatever `start` says.
  static Result<Child> start(ChildStart start);
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  // Ends it: SIGTERM, and SIGKILL when it still runs after some seconds.
  ~Child();

  // Readable once it has ended.
  [[nodiscard]] int fd() const { return process_fd_.get(); }
  [[nodiscard]] bool has_ended(std::chrono::milliseconds patience = {}) const;
  void signal(int number) const;
  // Waits for its end. The exit status as a shell has it: 128 + n when signal n ended it.
  [[nodiscard]] int reap();

 private:
  Child() = default;
  void end();

  pid_t process_ = -1;
  runtime::FileDescriptor process_fd_;
};

}  // namespace ripstop::cli::demo
