// Names that both ends of the mesh, metrics and people rely on. They are Istio's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "model/origin.h"

namespace ripstop::translate {

inline constexpr std::string_view kPassthroughCluster = "PassthroughCluster";
inline constexpr std::string_view kBlackHoleCluster = "BlackHoleCluster";
inline constexpr std::string_view kInboundPassthroughCluster = "InboundPassthroughCluster";
inline constexpr std::string_view kOwnCertificate = "default";  // secret names
inline constexpr std::string_view kTrustedRoots = "ROOTCA";

// ALPN by which a mesh server tells mesh TLS from an application's own, and HTTP from opaque bytes.
inline constexpr std::string_view kAlpnHttp1 = "istio-http/1.1";
inline constexpr std::string_view kAlpnHttp2 = "istio-h2";
inline constexpr std::string_view kAlpnTcp = "istio";

// "outbound|9080|v1|reviews.default.svc.cluster.local"
[[nodiscard]] std::string outbound_cluster_name(uint16_t port, std::string_view subset, std::string_view host);
// "inbound|9080||"
[[nodiscard]] std::string inbound_cluster_name(uint16_t port);
// "outbound_.9080_.v1_.reviews.default.svc.cluster.local"
[[nodiscard]] std::string mesh_sni(uint16_t port, std::string_view subset, std::string_view host);
// "0.0.0.0_9080"; IPv6 without brackets
[[nodiscard]] std::string listener_name(const SocketAddress& address);

// The patterns under which rules may speak of `host`, most specific first: itself, "*.b.c", "*.c", "*". A wildcard
// host is covered by its own pattern and by wider ones.
[[nodiscard]] std::vector<std::string> host_patterns(std::string_view host);

// exportTo as Istio reads it: empty or "*" is everyone, "." the owner's namespace, "~" nobody, else a namespace.
[[nodiscard]] bool is_exported(const std::vector<std::string>& export_to, std::string_view owner_ns,
                               std::string_view client_ns);

// True when a rule with these gateways applies inside the mesh: none named, or "mesh" among them.
[[nodiscard]] bool applies_to_mesh(const std::vector<std::string>& gateways);

// The origin of what nobody wrote: "MeshDefault <name>".
[[nodiscard]] model::OriginRef mesh_default(std::string name);

}  // namespace ripstop::translate
