// The command line of ripstop-control.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/log.h"

namespace ripstop::control {

enum class AccessLog : uint8_t { kOff, kText, kJson };

struct Options {
  std::string home;
  std::optional<SocketAddress> listen;  // xDS and certificates; absent: loopback, the port of last time or a free one
  std::optional<SocketAddress> api_listen;  // likewise
  std::vector<std::string> config_folders;  // watched and followed
  std::string trust_domain;                 // empty: that of the first start, which takes "cluster.local"
  std::string authority_folder;             // of a given CA; empty: the one of last time, which at first is self-made
  std::chrono::seconds certificate_lifetime = std::chrono::hours(24);
  AccessLog access_log = AccessLog::kOff;  // of every proxy
  log::Level log_level = log::Level::kInfo;
  int ready_fd = -1;
};

// Parses, or ends the program with help or with an error that names the option (exit status 0 or 2).
[[nodiscard]] Options parse_options(int argc, char** argv);

}  // namespace ripstop::control
