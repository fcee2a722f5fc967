// ripstop-proxy put together: configuration thread, workers, identity, configuration stream, DNS, admin.
#pragma once

#include <memory>

#include "proxy/program/options.h"
#include "xds/bootstrap.h"

namespace ripstop::proxy {

// Lives on the main thread, which is the configuration thread.
class Program {
 public:
  // The bootstrap has been read (in a child, before any thread was started).
  Program(Options options, xds::Bootstrap bootstrap);
  ~Program();

  // Runs until SIGTERM or SIGINT has been obeyed: stop accepting, let open requests end within the drain time, end.
  // The exit status; errors at the start are logged as one sentence each.
  int run();

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace ripstop::proxy
