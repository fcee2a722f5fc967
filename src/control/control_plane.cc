#include "control/control_plane.h"

#include <utility>

namespace ripstop::control {

ControlPlane::ControlPlane(MeshState state, const ControlPlaneOptions& options)
    : ads_(state.catalogue, state.authority, feed_, options.pace),
      certificates_({state.store, state.catalogue, state.authority}, options.now),
      registrar_(state.store, state.catalogue),
      api_({.store = state.store,
            .catalogue = state.catalogue,
            .authority = state.authority,
            .registrar = registrar_,
            .ads = ads_,
            .feed = feed_,
            .now = options.now,
            .token = options.api_token,
            .xds_address = options.xds_address,
            .mesh_id = options.mesh_id,
            .cluster_id = options.cluster_id}),
      identity_(state.authority, options.now),
      proxies_(identity_, grpc_),
      http_([this](const net::HttpRequest& request) { return api_.answer(request); }, api_server_options()) {
  ads_.add_to(grpc_);
  certificates_.add_to(grpc_);
}

ControlPlane::~ControlPlane() {
  ads_.stop();
}

runtime::Task<void> ControlPlane::stop(TimePoint deadline) {
  ads_.stop();
  feed_.close();
  http_.drain();
  co_await proxies_.drain(deadline);
  co_await http_.join(deadline);
}

}  // namespace ripstop::control
