// Resources as people name them on the command line, and as the HTTP API does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/api/control_plane.h"

namespace ripstop::cli {

// "vs", "virtualservices", "VirtualService" -> "VirtualService". kInvalidArgument with a suggestion when unknown.
[[nodiscard]] Result<std::string> resolve_kind(std::string_view word);

// "/v1/resources/VirtualService/default/reviews". `ns` is "" for kinds without one.
[[nodiscard]] std::string resource_path(std::string_view kind, std::string_view ns, std::string_view name);

// The control plane's "not found", with the name that was probably meant.
[[nodiscard]] Error not_found(const ControlPlane& control_plane, std::string_view kind, std::string_view ns,
                              std::string_view name);

}  // namespace ripstop::cli
