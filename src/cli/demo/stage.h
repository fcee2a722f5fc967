// The mesh of one demonstration: a home of its own in the folder for temporary files, a control plane, the sample's
// services as members. All of it goes away with the object.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "cli/api/control_plane.h"
#include "cli/api/home.h"
#include "cli/demo/attention.h"
#include "cli/demo/child.h"
#include "cli/demo/hops.h"
#include "cli/demo/load_report.h"

namespace ripstop::cli::demo {

struct Programs {
  std::string ripstop;
  std::string control;
  std::string bookinfo;
};
// kNotFound names the one that is missing.
[[nodiscard]] Result<Programs> find_programs();

struct Workload {
  std::string name;      // "reviews-v2"
  SocketAddress inside;  // where its proxy accepts for the application, on the host
  SocketAddress admin;
};

struct Load {
  std::string service = "reviews:9080";
  std::string target = "/reviews/0";
  uint64_t requests = 300;
  std::vector<std::string> headers;  // "name: value"
};

class Stage {
 public:
  // Returns once every service answers. `attention` must outlive it. On failure the home is gone, unless `keeps_home`.
  static Result<std::unique_ptr<Stage>> set_up(Attention& attention, bool keeps_home);
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
  ~Stage();

  // Puts a text of demo/yaml into force.
  Status apply(std::string_view file);
  // A new member sends this load; as it is new, it has the configuration that is in force.
  Result<LoadReport> run_load(const Load& load);
  // The status with which a plaintext client outside the mesh is answered.
  [[nodiscard]] Result<int> ask_in_plaintext(const std::string& workload) const;
  // What the services' proxies have counted since they were started. A proxy that does not answer is left out.
  [[nodiscard]] HopTable read_hops() const;

  [[nodiscard]] Attention& attention() { return attention_; }
  [[nodiscard]] const std::string& home() const { return home_.path; }

 private:
  Stage(Attention& attention, bool keeps_home) : attention_(attention), keeps_home_(keeps_home) {}
  Status build();
  Status make_home();
  Status start_control_plane();
  Status start_services();
  Status wait_for_services();
  Result<bool> find_workloads();
  [[nodiscard]] bool all_answer() const;
  Status check_members();
  Result<Child> start_member(const std::vector<std::string>& arguments, const std::string& log);

  Attention& attention_;
  bool keeps_home_;
  Programs programs_;
  Home home_;
  std::unique_ptr<Child> control_process_;
  std::unique_ptr<ControlPlane> control_plane_;
  struct Member {
    std::string name;
    Child process;
  };
  std::vector<Member> members_;
  std::vector<Workload> workloads_;
};

}  // namespace ripstop::cli::demo
