// Everything that serves, put together: configuration and certificates for proxies, the HTTP API for people.
//
// Connections come in as streams, so that it runs the same over sockets and in memory. One thread does it all: calls of
// the store are short, and translation runs only when something has changed.
#pragma once

#include <string>

#include "control/api/api.h"
#include "control/api/registrar.h"
#include "control/identity/authority.h"
#include "control/intake/catalogue.h"
#include "control/push/ads_service.h"
#include "control/push/certificate_service.h"
#include "control/push/change_feed.h"
#include "control/push/secure_server.h"
#include "control/push/server_identity.h"
#include "control/store/store.h"
#include "net/grpc/grpc_server.h"
#include "net/http/http_server.h"

namespace ripstop::control {

// What is kept, and outlives the control plane.
struct MeshState {
  Store& store;
  Authority& authority;
  Catalogue& catalogue;
};

struct ControlPlaneOptions {
  std::string api_token;
  std::string xds_address;  // told to workloads
  std::string mesh_id;
  std::string cluster_id;
  PushPace pace;
  ReadWallClock now = [] { return WallClock::now(); };
};

class ControlPlane {
 public:
  ControlPlane(MeshState state, const ControlPlaneOptions& options);
  ControlPlane(const ControlPlane&) = delete;
  ControlPlane& operator=(const ControlPlane&) = delete;
  // Breaks off every connection.
  ~ControlPlane();

  // Serve a plain connection to its end.
  void take_proxy(net::StreamPtr stream) { proxies_.take(std::move(stream)); }
  void take_api(net::StreamPtr stream) { http_.take(std::move(stream)); }

  // Ends connections in order, as far as that is possible before `deadline`. Readiness stays as it is, for the next
  // start. Nothing may be taken any more.
  runtime::Task<void> stop(TimePoint deadline);

  [[nodiscard]] AdsService& ads() { return ads_; }
  [[nodiscard]] Registrar& registrar() { return registrar_; }
  [[nodiscard]] ChangeFeed& feed() { return feed_; }

 private:
  ChangeFeed feed_;
  AdsService ads_;
  CertificateService certificates_;
  Registrar registrar_;
  Api api_;
  ServerIdentity identity_;
  net::GrpcServer grpc_;
  SecureServer proxies_;
  net::HttpServer http_;
};

}  // namespace ripstop::control
