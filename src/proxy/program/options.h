// The command line of ripstop-proxy.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/log.h"
#include "base/result.h"
#include "base/time.h"

namespace ripstop::proxy {

struct Options {
  std::string bootstrap;   // -c
  size_t concurrency = 0;  // 0: as many as there are processors, at most two
  log::Level log_level = log::Level::kInfo;
  size_t max_connections = 0;  // of clients, at once; 0: what the descriptors allow
  Duration drain_time = std::chrono::seconds(5);
  std::vector<int> listen_fds;  // inherited listening sockets
  std::vector<int> dns_fds;     // inherited DNS sockets
  int broker_fd = -1;           // of the application's network namespace
  int ready_fd = -1;            // told when the proxy serves
  SocketAddress authority;      // --ca; port 0: no mesh identity
  std::string authority_roots;  // file
  std::string join_token_file;
  std::string spiffe_id;
  bool wants_help = false;
  bool wants_version = false;
  bool only_validates = false;  // --mode validate
};

// Errors are sentences that name the option and suggest the nearest one that exists.
[[nodiscard]] Result<Options> parse_options(int argc, const char* const* argv);
[[nodiscard]] std::string help_text();

}  // namespace ripstop::proxy
