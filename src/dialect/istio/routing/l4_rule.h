// Entries of spec.tls and spec.tcp of a VirtualService.
#pragma once

#include <span>
#include <string>

#include "dialect/istio/context.h"
#include "model/mesh_route.h"

namespace ripstop::dialect::istio {

// `hosts` are the VirtualService's: every SNI host of a match must lie under one of them.
[[nodiscard]] model::L4Rule read_tls_rule(const Context& context, Fields& rule, std::span<const std::string> hosts);
[[nodiscard]] model::L4Rule read_tcp_rule(const Context& context, Fields& rule);

}  // namespace ripstop::dialect::istio
