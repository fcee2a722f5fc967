// Join tokens at rest: hashes only. identity/join_token.h makes and checks the tokens themselves.
//
// Uses the Store's database: same thread, and must not outlive it.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "control/store/record.h"
#include "control/store/sqlite.h"

namespace ripstop::control {

class TokenTable {
 public:
  explicit TokenTable(Database& database) : database_(&database) {}

  Status insert(const StoredToken& token);
  // kNotFound when there is none.
  Result<StoredToken> find(std::string_view id);
  // Takes one use, durably; kPermissionDenied when none is left.
  Status consume(std::string_view id);
  // Returns whether there was one.
  Result<bool> revoke(std::string_view id);
  // By id.
  Result<std::vector<StoredToken>> list();
  // Removes what has expired or is used up; returns how many.
  Result<size_t> sweep(WallTime now);

 private:
  Database* database_;
};

}  // namespace ripstop::control
