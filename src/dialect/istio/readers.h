// One reader per kind of Istio's that is honoured: the fields of `spec` in, values of the model out. A reader adds to
// `into` only; the caller throws everything away when the report has an error at the end.
#pragma once

#include "dialect/istio/context.h"
#include "model/snapshot.h"

namespace ripstop::dialect::istio {

void read_virtual_service(const Context& context, Fields& spec, model::MeshConfig& into);
void read_destination_rule(const Context& context, Fields& spec, model::MeshConfig& into);
void read_service_entry(const Context& context, Fields& spec, model::MeshConfig& into);
void read_workload_entry(const Context& context, Fields& spec, model::MeshConfig& into);
void read_peer_authentication(const Context& context, Fields& spec, model::MeshConfig& into);

// The spec of one resource of group *.istio.io and an honoured kind.
void read_resource(const Context& context, const Node& root, model::MeshConfig& into);

}  // namespace ripstop::dialect::istio
