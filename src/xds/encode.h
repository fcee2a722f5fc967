// Model -> wire. Total and deterministic: equal models give equal bytes. Side by side with decode.h, and
// decode(encode(x)) == x for everything the model can say.
#pragma once

#include "model/cluster.h"
#include "model/listener.h"
#include "model/route.h"
#include "model/tls.h"
#include "xds/resource.h"

namespace ripstop::xds {

[[nodiscard]] Resource encode(const model::Listener& model);
[[nodiscard]] Resource encode(const model::RouteTable& table);
[[nodiscard]] Resource encode(const model::Cluster& model);
[[nodiscard]] Resource encode(const model::LoadAssignment& assignment);
// A secret with a private key is a programming error here: keys never travel. Roots and chains only.
[[nodiscard]] Resource encode(const model::Secret& secret);
// One resource with a fixed name, "nds". On the wire it is a map: decoding gives the entries sorted by host.
[[nodiscard]] Resource encode(const model::NameTable& table);

}  // namespace ripstop::xds
