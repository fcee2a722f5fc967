// A member's way out of the mesh while its application still runs: first nobody is sent here any more, then what is
// under way finishes, and only then the application may be told to end.
#pragma once

#include <string>

#include "base/time.h"
#include "cli/api/control_plane.h"

namespace ripstop::cli {

class Leave {
 public:
  // Deregisters at once. Without a control plane that answers, it is over already: nobody could be told.
  Leave(const ControlPlane& control_plane, const std::string& id, SocketAddress admin);

  // To be asked again and again; blocks for a call over loopback. True once every proxy of the mesh follows the present
  // configuration and this member's has no request under way, and in any case when the patience is over.
  [[nodiscard]] bool is_over();

 private:
  [[nodiscard]] bool has_everyone_heard() const;
  [[nodiscard]] bool is_idle() const;

  const ControlPlane& control_plane_;
  SocketAddress admin_;
  TimePoint deadline_;
  bool everyone_has_heard_ = false;
  bool is_over_ = false;
};

// Does the answer to GET /v1/proxies say that every connected proxy is in step? False also when it says nothing.
[[nodiscard]] bool are_all_in_step(std::string_view proxies_json);
// The number of requests under way that the proxy's page /stats tells; -1 when it tells none.
[[nodiscard]] long requests_under_way(std::string_view stats);

}  // namespace ripstop::cli
