// The HTTP API of the control plane, as api/openapi.yaml describes it. JSON both ways, a bearer token for everything.
//
// One thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "control/api/registrar.h"
#include "control/identity/authority.h"
#include "control/intake/catalogue.h"
#include "control/push/ads_service.h"
#include "control/push/change_feed.h"
#include "control/push/server_identity.h"
#include "control/store/store.h"
#include "net/http/http_server.h"

namespace ripstop::control {

// What the API works on. All that is referred to must outlive it.
struct ApiContext {
  Store& store;
  Catalogue& catalogue;
  Authority& authority;
  Registrar& registrar;
  AdsService& ads;
  ChangeFeed& feed;
  ReadWallClock now;
  std::string token;        // a secret
  std::string xds_address;  // told to workloads
  std::string mesh_id;
  std::string cluster_id;
};

// For the HTTP server: bodies of at most 8 MiB.
[[nodiscard]] net::HttpServerOptions api_server_options();

class Api {
 public:
  explicit Api(ApiContext context) : context_(std::move(context)) {}

  // Whatever a request changes is announced to the proxies.
  runtime::Task<net::HttpReply> answer(const net::HttpRequest& request);

 private:
  ApiContext context_;
};

// Every call there is; the description is compared with it. "{name}" stands for one segment of the path.
struct ApiRoute {
  std::string_view method;
  std::string_view path;
};
[[nodiscard]] std::span<const ApiRoute> api_routes();

}  // namespace ripstop::control
