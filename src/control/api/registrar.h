// Registers workloads that join over the API, and forgets them again.
//
// A registration is a workload in the catalogue, a join token bound to its identity, and a row that ties the two
// together; the token dies with the workload. One thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "base/time.h"
#include "control/intake/catalogue.h"
#include "control/store/store.h"

namespace ripstop::control {

// What `ripstop run` asks for.
struct RegistrationRequest {
  struct Port {
    uint16_t port = 0;      // of the application
    SocketAddress address;  // where its proxy listens for it on this machine
    std::string name;       // may say the protocol, as in "http-web"
  };
  std::string service;
  std::string ns = "default";
  std::string service_account = "default";
  model::Labels labels;
  std::vector<Port> ports;
  std::string admin_address;
  int64_t process = 0;
};

struct Registered {
  model::Workload workload;
  std::string join_token;  // a secret
};

class Registrar {
 public:
  // Both must outlive it.
  Registrar(Store& store, Catalogue& catalogue) : store_(store), catalogue_(catalogue) {}

  // kInvalidArgument names the field that is wrong.
  Result<Registered> add(const RegistrationRequest& request, WallTime now);
  // kNotFound when there is no such workload.
  Status remove(const std::string& id, WallTime now);

  // What a crash in the middle of the above has left behind goes.
  Status tidy(WallTime now);
  // Removes the workloads for which `is_gone` holds, and gives their ids.
  using IsGone = std::function<bool(const StoredRegistration&)>;
  Result<std::vector<std::string>> remove_gone(const IsGone& is_gone, WallTime now);

 private:
  Store& store_;
  Catalogue& catalogue_;
};

}  // namespace ripstop::control
