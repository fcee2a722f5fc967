// $RIPSTOP_HOME/run/<id>/: what a running member keeps on disk. Removed when the member ends; what a killed one leaves
// is swept by the next command that looks.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/api/control_plane.h"
#include "cli/api/home.h"
#include "cli/run/member.h"

namespace ripstop::cli {

// run.json: whose folder it is.
struct RunRecord {
  std::string id;
  std::string workload;
  std::string ns;
  pid_t supervisor = 0;
  uint64_t start_time = 0;  // of the supervisor
};
[[nodiscard]] std::string to_json(const RunRecord& record);
[[nodiscard]] Result<RunRecord> parse_run_record(std::string_view json);

class RunFolder {
 public:
  // Makes the folder and its record, for the calling process.
  static Result<RunFolder> create(const Home& home, const Member& member, const Registration& registration);
  RunFolder(RunFolder&& other) noexcept;
  RunFolder& operator=(RunFolder&&) = delete;
  ~RunFolder();  // removes it

  // Writes (anew) what the proxy reads at its start: secrets with mode 0600.
  Status write(const Member& member, const Registration& registration);

  [[nodiscard]] std::string bootstrap() const { return path_ + "/bootstrap.json"; }
  [[nodiscard]] std::string join_token() const { return path_ + "/join.token"; }
  [[nodiscard]] std::string roots() const { return path_ + "/roots.pem"; }
  [[nodiscard]] std::string log() const { return path_ + "/proxy.log"; }

 private:
  explicit RunFolder(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

struct RunningMember {
  RunRecord record;
  std::string folder;
  bool is_alive = false;
};
[[nodiscard]] std::vector<RunningMember> list_members(const Home& home);

// Deregisters members whose supervisor is gone and removes their folders. Failures are left for the next time.
void sweep_dead_members(const Home& home, const ControlPlane& control_plane);

}  // namespace ripstop::cli
