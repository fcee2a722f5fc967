// A member's namespace as its supervisor sees it: sockets that stand inside, and the guard that answers for it.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/file_descriptor.h"

namespace ripstop::cli {

// What the guard reports while the application runs.
struct GuardReport {
  enum class Kind : uint8_t {
    kStarted,      // the application runs
    kCannotStart,  // number is errno
    kEnded,        // number is the wait status
    kGuardLost,    // the guard itself is gone
  };
  Kind kind = Kind::kGuardLost;
  int number = 0;
};

class MemberNamespace {
 public:
  // Forks the guard; the calling process must be single-threaded. `command` runs later,
  // with `signal_mask`. Blocks until the namespace is ready, well below a second.
  static Result<MemberNamespace> open(const std::vector<std::string>& command, const sigset_t& signal_mask);

  // To be inherited by the proxy.
  [[nodiscard]] const std::vector<runtime::FileDescriptor>& listening() const { return listening_; }
  [[nodiscard]] const std::vector<runtime::FileDescriptor>& dns() const { return dns_; }
  [[nodiscard]] int broker() const { return broker_.get(); }
  // The lowest port that the application can bind.
  [[nodiscard]] uint16_t first_free_port() const { return first_free_port_; }

  // Starts the application; what came of it is the next report.
  Status release_application();
  // Sends it a signal, if it runs.
  void signal_application(int signal);
  // To poll; when readable, read_report() does not block.
  [[nodiscard]] int reports() const { return supervisor_.get(); }
  [[nodiscard]] GuardReport read_report();

  // Ends whatever is left inside, and waits for it.
  void close();

  MemberNamespace(MemberNamespace&& other) noexcept;
  MemberNamespace& operator=(MemberNamespace&&) = delete;
  ~MemberNamespace() { close(); }

 private:
  MemberNamespace() = default;
  Status await_ready();

  runtime::FileDescriptor supervisor_;
  runtime::FileDescriptor broker_;
  std::vector<runtime::FileDescriptor> listening_;
  std::vector<runtime::FileDescriptor> dns_;
  uint16_t first_free_port_ = 0;
  pid_t guard_ = -1;
};

}  // namespace ripstop::cli
