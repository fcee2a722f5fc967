// Pass: the names that a client's proxy answers itself.
#pragma once

#include <string>
#include <vector>

#include "model/listener.h"
#include "model/service.h"

namespace ripstop::translate {

struct NamedService {
  std::string host;
  std::string name;  // short name, empty for hosts outside the mesh's domain
  std::string ns;
  std::vector<IpAddress> addresses;
};

struct NameTableInput {
  std::string client_ns;
  std::vector<NamedService> services;  // by host
};

// Services without an address are not in it: their names are resolved as if there were no mesh. The bare short name
// belongs to the client's own namespace only. A short form that is some other service's full name is left out.
[[nodiscard]] model::NameTable make_name_table(const NameTableInput& input);

}  // namespace ripstop::translate
