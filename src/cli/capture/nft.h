// Runs the program `nft` with a ruleset. Its library is GPL-2.0-only and cannot be linked.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace ripstop::cli {

// Applies `ruleset` in the current network namespace, needing CAP_NET_ADMIN there. Blocks until nft has ended.
// kNotFound when it is not installed; otherwise the error holds what nft said.
[[nodiscard]] Status run_nft(std::string_view ruleset);

}  // namespace ripstop::cli
