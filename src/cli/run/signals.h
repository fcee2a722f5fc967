// Signals as something to read: those that a supervisor passes on to its application.
#pragma once

#include <csignal>
#include <optional>

#include "base/result.h"
#include "runtime/file_descriptor.h"

namespace ripstop::cli {

struct ReceivedSignal {
  int number = 0;
  // Typed at the terminal, which has given it to the application as well.
  bool is_from_terminal = false;
};

class PassedSignals {
 public:
  // Blocks them in this process from now on.
  static Result<PassedSignals> block();

  [[nodiscard]] int fd() const { return fd_.get(); }
  // The next one that has come, without waiting.
  [[nodiscard]] std::optional<ReceivedSignal> take();
  // What was blocked before: for the programs that are run.
  [[nodiscard]] const sigset_t& original_mask() const { return original_; }

 private:
  runtime::FileDescriptor fd_;
  sigset_t original_{};
};

// Would it end a program that does not mind it?
[[nodiscard]] bool is_ending(int signal);

}  // namespace ripstop::cli
