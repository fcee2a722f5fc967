// The tables of the store and how older files become newer ones.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "control/store/sqlite.h"

namespace ripstop::control {

// Steps are never edited once released, only appended: step N turns schema N into schema N + 1.
using Migration = const char*;
[[nodiscard]] std::span<const Migration> migrations();

// Brings the file to schema migrations.size(), each step in a transaction of its own. Refuses a file of another
// program and one that a newer Ripstop wrote; such a file is left as it is.
Status migrate(Database& database, std::span<const Migration> migrations);

}  // namespace ripstop::control
