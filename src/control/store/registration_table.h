// Registrations: the token, the supervisor and the admin pages of workloads that joined over the API.
//
// Uses the Store's database: same thread, and must not outlive it.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "control/store/record.h"
#include "control/store/sqlite.h"

namespace ripstop::control {

class RegistrationTable {
 public:
  explicit RegistrationTable(Database& database) : database_(&database) {}

  // Replaces the one of the same workload.
  Status put(const StoredRegistration& registration);
  // kNotFound when there is none.
  Result<StoredRegistration> find(std::string_view workload);
  // Removing what is not there succeeds.
  Status remove(std::string_view workload);
  // By workload id.
  Result<std::map<std::string, StoredRegistration>> list();

 private:
  Database* database_;
};

}  // namespace ripstop::control
