// Makes sockets inside a member's namespace for the proxy outside. The protocol is the proxy's (application_dialer.h
// there): on the main channel 'C' with a descriptor opens a channel; on a channel '4' or '6' is answered by the same
// byte with a new non-blocking TCP socket of that family, or by 'E' alone.
#pragma once

#include <poll.h>

#include <vector>

#include "runtime/file_descriptor.h"

namespace ripstop::cli {

class Broker {
 public:
  explicit Broker(runtime::FileDescriptor main_channel);

  // What to poll for.
  void watch(std::vector<pollfd>& into) const;
  // Serves what is ready; entries of others are passed over. False once the main channel is closed: nobody is left.
  [[nodiscard]] bool serve(const std::vector<pollfd>& polled);

 private:
  [[nodiscard]] bool serve_main();
  [[nodiscard]] bool serve_channel(int channel);

  runtime::FileDescriptor main_;
  std::vector<runtime::FileDescriptor> channels_;
};

}  // namespace ripstop::cli
