// The control plane of a home, as the command line reaches it. Blocking; errors are sentences for the user.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "base/time.h"
#include "cli/api/home.h"

namespace ripstop::cli {

// control.json.
struct ControlFile {
  pid_t process = 0;
  std::string version;
  SocketAddress xds_address;
  SocketAddress api_address;
  std::string token_file;
  std::string roots_file;
  std::string trust_domain;
  std::string mesh_id;
};
[[nodiscard]] Result<ControlFile> parse_control_file(std::string_view text);
// kUnavailable when there is none.
[[nodiscard]] Result<ControlFile> read_control_file(const Home& home);

class ControlPlane {
 public:
  // Reads where it is and its token; does not speak to it yet. kUnavailable when none was started.
  static Result<ControlPlane> open(const Home& home);

  // A request with a JSON body ("" for none) and its JSON answer. An answer that is an error becomes an Error with the
  // control plane's own sentence; kUnavailable when nobody answers, kTimeout when it takes longer than `timeout`.
  Result<std::string> call(std::string_view method, std::string target, std::string body = {},
                           Duration timeout = std::chrono::seconds(15)) const;

  [[nodiscard]] const ControlFile& file() const { return file_; }

 private:
  ControlPlane(std::string home, ControlFile file, std::string token)
      : home_(std::move(home)), file_(std::move(file)), token_(std::move(token)) {}

  std::string home_;
  ControlFile file_;
  std::string token_;
};

// For a path or a query.
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace ripstop::cli
