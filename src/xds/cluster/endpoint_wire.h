// ClusterLoadAssignment on the wire, by itself and inside a cluster. Internal to xds.
#pragma once

#include "model/cluster.h"
#include "xds/wire/cursor.h"
#include "xds/wire/proto_names.h"

namespace ripstop::xds {

inline constexpr size_t kMaxEndpoints = 100'000;
inline constexpr size_t kMaxLocalities = 10'000;

enum class Hostnames : uint8_t { kRefused, kAllowed };

void encode_assignment(const model::LoadAssignment& assignment,
                       envoy::config::endpoint::v3::ClusterLoadAssignment* wire);
// Host names are allowed in the assignments of DNS clusters only.
[[nodiscard]] model::LoadAssignment decode_assignment(const envoy::config::endpoint::v3::ClusterLoadAssignment& wire,
                                                      Hostnames hostnames, const Cursor& at);

}  // namespace ripstop::xds
