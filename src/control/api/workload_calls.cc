#include "control/api/calls.h"
#include "control/api/read_json.h"
#include "control/api/write_json.h"

namespace ripstop::control {

ApiReply list_workloads(ApiContext& context, const ApiCall& /*call*/) {
  const auto registrations = context.store.registrations().list();
  if (!registrations) return std::unexpected(registrations.error());
  return net::http_json(200, workloads_json(context.catalogue.workloads(), *registrations));
}

ApiReply register_workload(ApiContext& context, const ApiCall& call) {
  const auto request = read_registration(call.request.body);
  if (!request) return std::unexpected(request.error());
  const auto registered = context.registrar.add(*request, context.now());
  if (!registered) return std::unexpected(registered.error());
  const std::string roots_pem = context.authority.bundle().pem();
  return net::http_json(201, welcome_json({.workload = registered->workload,
                                           .join_token = registered->join_token,
                                           .xds_address = context.xds_address,
                                           .roots_pem = roots_pem,
                                           .cluster_id = context.cluster_id,
                                           .mesh_id = context.mesh_id}));
}

ApiReply deregister_workload(ApiContext& context, const ApiCall& call) {
  const Status removed = context.registrar.remove(call.parts[0], context.now());
  if (!removed) return std::unexpected(removed.error());
  return net::http_json(200, health_json(context.store.revision()));
}

}  // namespace ripstop::control
