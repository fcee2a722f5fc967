// The HTTP API of the control plane, as api/openapi.yaml describes it. JSON both ways, a bearer token for everything.
//
// One thread.
#pragma once

#include <functional>
#include <list>
#include <span>
#include <string>
#include <string_view>

#include "control/identity/authority.h"
#include "control/intake/catalogue.h"
#include "control/push/ads_service.h"
#include "control/store/store.h"
#include "net/http_server.h"
#include "runtime/event.h"

namespace ripstop::control {

struct ApiContext {
  Store& store;
  Catalogue& catalogue;
  Authority& authority;
  AdsService& ads;
  std::string token;        // a secret
  std::string xds_address;  // told to workloads
  std::string mesh_id;
  std::string cluster_id;
};

struct ApiRoute {
  std::string_view method;
  std::string_view path;  // "{}" stands for one segment
};
// Every route there is; the description is compared with it.
[[nodiscard]] std::span<const ApiRoute> api_routes();

class Api {
 public:
  explicit Api(ApiContext context) : context_(std::move(context)) {}

  runtime::Task<net::HttpReply> answer(const net::HttpRequest& request);
  // Wakes those who watch.
  void on_change();

 private:
  friend struct ApiHandlers;
  ApiContext context_;
  std::list<runtime::Event*> watchers_;
};

}  // namespace ripstop::control
