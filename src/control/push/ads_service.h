// Configuration to the proxies: one ADS stream each, delta or state-of-the-world, over mutual TLS.
//
// A proxy is who its certificate says, and its node must be a registered workload of that identity. While its stream is
// up the workload is ready; when the stream breaks it leaves the mesh at once. A change of the mesh is translated for
// every proxy after a short pause, in which further changes are merged; a proxy that reads slowly gets the newest state
// when it is ready for it and holds up nobody. One thread.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "control/identity/authority.h"
#include "control/intake/catalogue.h"
#include "control/push/served_types.h"
#include "net/grpc_server.h"
#include "runtime/event.h"
#include "runtime/scope.h"
#include "translate/cache.h"
#include "translate/proxy.h"
#include "xds/server_session.h"

namespace ripstop::control {

class AdsService {
 public:
  AdsService(Catalogue& catalogue, const Authority& authority);
  AdsService(const AdsService&) = delete;
  AdsService& operator=(const AdsService&) = delete;

  // Adds both methods of AggregatedDiscoveryService.
  void add_to(net::GrpcServer& server);

  // The snapshot or the trust bundle has changed.
  void on_change();
  // From now on streams that end do not make their workloads unready: the control plane itself is going.
  void stop() { is_stopping_ = true; }
  // Workloads that were ready before this control plane began and have not come back are taken out.
  void end_grace();

  struct ProxyStatus {
    std::string id;  // workload id
    std::string workload;
    std::string ns;
    std::vector<xds::ServerSession::TypeStatus> types;
  };
  [[nodiscard]] std::vector<ProxyStatus> status() const;
  [[nodiscard]] bool is_connected(const std::string& workload_id) const;

 private:
  struct Client {
    explicit Client(xds::ServerSession::Variant variant) : session(variant) {}
    xds::ServerSession session;
    std::string workload_id;  // empty until the first request was accepted
    translate::Proxy proxy;
    runtime::Event has_news;
  };
  class Presence;

  runtime::Task<net::GrpcStatus> serve(net::GrpcServerCall& call, xds::ServerSession::Variant variant);
  runtime::Task<void> send_news(net::GrpcServerCall& call, Client& client);
  Status admit(const net::GrpcServerCall& call, Client& client);
  void update(Client& client);
  runtime::Task<void> push_later();
  void set_ready(const std::string& workload_id, bool is_ready);

  Catalogue& catalogue_;
  const Authority& authority_;
  translate::Cache cache_;
  ServedTypes served_;
  std::list<Client*> clients_;
  bool is_stopping_ = false;
  bool push_is_due_ = false;
  runtime::Scope scope_;
};

}  // namespace ripstop::control
