// Wire -> model. Bodies come from outside: every message is bounded, and whatever the model cannot say is an error that
// names the path of the field, so that the proxy can refuse (NACK) with a sentence instead of half-obeying.
#pragma once

#include <string_view>

#include "base/result.h"
#include "model/cluster.h"
#include "model/listener.h"
#include "model/route.h"
#include "model/tls.h"

namespace ripstop::xds {

[[nodiscard]] Result<model::Listener> decode_listener(std::string_view body);
[[nodiscard]] Result<model::RouteTable> decode_route_table(std::string_view body);
[[nodiscard]] Result<model::Cluster> decode_cluster(std::string_view body);
[[nodiscard]] Result<model::LoadAssignment> decode_load_assignment(std::string_view body);
[[nodiscard]] Result<model::Secret> decode_secret(std::string_view body);
[[nodiscard]] Result<model::NameTable> decode_name_table(std::string_view body);

}  // namespace ripstop::xds
