// A member of the mesh: what the user asked for, and what the control plane made of it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "cli/api/control_plane.h"

namespace ripstop::cli {

struct MemberPort {
  uint16_t port = 0;      // the application's
  SocketAddress address;  // where the proxy accepts for it, on the host
};

struct Member {
  std::string service;
  std::string ns = "default";
  std::string service_account = "default";
  std::map<std::string, std::string> labels;
  std::vector<MemberPort> ports;
  SocketAddress admin;
};

struct Registration {
  std::string id;
  std::string workload;
  std::string spiffe_id;
  std::string join_token;  // a secret
  SocketAddress xds_address;
  std::string roots_pem;
  std::string cluster_id;
  std::string mesh_id;
  std::string trust_domain;
};

[[nodiscard]] Result<Registration> register_member(const ControlPlane& control_plane, const Member& member);
Status deregister_member(const ControlPlane& control_plane, const std::string& id);

// The body of the request and the answer to it, as api/openapi.yaml has them.
[[nodiscard]] std::string registration_request(const Member& member, pid_t process);
[[nodiscard]] Result<Registration> parse_registration(std::string_view json);

// The proxy's bootstrap, in Envoy's format (JSON): who it is, its admin address, and the control plane as the source of
// everything else.
[[nodiscard]] std::string member_bootstrap(const Member& member, const Registration& registration);

}  // namespace ripstop::cli
