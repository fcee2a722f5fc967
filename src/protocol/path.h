// The canonical form of a request path. Everything that looks at a path (routes, authorization, rate limits, the
// upstream request) sees this form and no other, so no two of them can disagree about what is asked for.
#pragma once

#include <string>
#include <string_view>

#include "protocol/fault.h"
#include "protocol/limits.h"

namespace ripstop::protocol {

struct CanonicalPath {
  Fault fault = Fault::kNone;
  // The canonical path when there is no fault: `path` itself if it already was canonical (the usual case, nothing is
  // copied), else a view of `storage`.
  std::string_view path;
};

// `path` begins with '/', has no query, and all its bytes are visible ASCII without '#' (see check_target_text).
// Idempotent: the canonical form of a canonical path is itself.
[[nodiscard]] CanonicalPath canonicalize_path(std::string_view path, const PathRules& rules, std::string& storage);

// kNone when every byte may stand in a request target, else the fault of the first that may not.
[[nodiscard]] Fault check_target_text(std::string_view target);

}  // namespace ripstop::protocol
