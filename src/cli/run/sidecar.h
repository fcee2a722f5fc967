// The proxy process of one member.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "runtime/file_descriptor.h"

namespace ripstop::cli {

struct SidecarSettings {
  std::string program;
  std::string bootstrap;  // files
  std::string join_token;
  std::string roots;
  std::string log;
  SocketAddress authority;  // of the certificate authority
  std::string spiffe_id;
  std::vector<int> listening;  // borrowed
  std::vector<int> dns;
  int broker = -1;
  std::string log_level;  // "" for the proxy's default
};

[[nodiscard]] std::vector<std::string> sidecar_arguments(const SidecarSettings& settings, int ready_fd);

// Killed with the process that started it.
class Sidecar {
 public:
  static Result<Sidecar> start(const SidecarSettings& settings);

  // To poll: readable when the proxy is ready or has closed it; readable when the process has ended.
  [[nodiscard]] int ready_fd() const { return ready_.get(); }
  [[nodiscard]] int process_fd() const { return process_fd_.get(); }
  // True once it has said that it is ready. Does not block when ready_fd() is readable.
  [[nodiscard]] bool read_ready();
  // After process_fd() became readable: how it ended, as "exit status 1" or "signal 9 (Killed)".
  [[nodiscard]] std::string reap();
  // Lets it drain for at most `patience`, then ends it by force. Returns once it is gone.
  void stop(std::chrono::milliseconds patience);

  Sidecar(Sidecar&& other) noexcept;
  Sidecar& operator=(Sidecar&&) = delete;
  ~Sidecar();

 private:
  Sidecar() = default;

  pid_t process_ = -1;
  runtime::FileDescriptor process_fd_;
  runtime::FileDescriptor ready_;
};

}  // namespace ripstop::cli
