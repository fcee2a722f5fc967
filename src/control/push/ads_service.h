// Configuration to the proxies: one ADS stream each, delta or state-of-the-world, over mutual TLS.
//
// A proxy is who its certificate says, and its node must be a registered workload of that identity; a later stream of
// the same workload takes the place of an earlier one. While its stream is up the workload is ready; when the stream
// breaks it leaves the mesh at once, but for those that were ready before this control plane began, which get a grace
// period to come back.
//
// Changes are merged for a moment and then announced to every stream; each translates for itself when it is free to
// send, so a proxy that reads slowly gets the newest state, once, and holds up nobody. One thread.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "control/identity/authority.h"
#include "control/intake/catalogue.h"
#include "control/push/admission.h"
#include "control/push/change_feed.h"
#include "control/push/push_timer.h"
#include "control/push/served_lists.h"
#include "net/grpc/grpc_server.h"
#include "runtime/event.h"
#include "translate/cache.h"
#include "xds/server_session.h"

namespace ripstop::control {

class AdsService {
 public:
  // All must outlive the service. `feed` is told of every push.
  AdsService(Catalogue& catalogue, const Authority& authority, ChangeFeed& feed, PushPace pace = {});
  AdsService(const AdsService&) = delete;
  AdsService& operator=(const AdsService&) = delete;
  ~AdsService();

  // Adds both methods of AggregatedDiscoveryService. The server's calls must end before this does.
  void add_to(net::GrpcServer& server);

  // To be called after anything that proxies or watchers see may have changed: the catalogue's snapshot, the trust
  // bundle. Returns at once.
  void on_change();
  // Workloads that were ready before this control plane began and have not come back are taken out.
  void end_grace();
  // Ends all streams with UNAVAILABLE, without making their workloads unready: their proxies will come back.
  void stop();

  struct ProxyStatus {
    std::string id;  // workload id
    std::string workload;
    std::string ns;
    bool is_connected = false;
    uint64_t revision = 0;   // of the mesh that it was last sent the configuration of
    bool is_synced = false;  // it has acknowledged all of the present one
    std::vector<xds::ServerSession::TypeStatus> types;
  };
  // Of every registered workload, by id.
  [[nodiscard]] std::vector<ProxyStatus> status() const;
  [[nodiscard]] bool is_connected(const std::string& workload_id) const { return current_.contains(workload_id); }
  [[nodiscard]] const translate::Cache& cache() const { return cache_; }

 private:
  struct Client;
  class Presence;

  runtime::Task<net::GrpcStatus> serve(net::GrpcServerCall& call, xds::ServerSession::Variant variant);
  runtime::Task<net::GrpcStatus> receive(net::GrpcServerCall& call, Client& client);
  runtime::Task<void> send(net::GrpcServerCall& call, Client& client);
  Status join(const net::GrpcServerCall& call, Client& client);
  void leave(Client& client);
  void push();
  [[nodiscard]] bool check_still_registered(Client& client) const;
  [[nodiscard]] bool is_fresh(const Client& client) const;
  void refresh(Client& client);
  void note_refusals(Client& client);

  Catalogue& catalogue_;
  const Authority& authority_;
  ChangeFeed& feed_;
  PushTimer timer_;
  translate::Cache cache_;
  ServedListPool lists_;
  std::list<Client*> clients_;              // every stream
  std::map<std::string, Client*> current_;  // by workload id: the stream that counts
  Readiness readiness_;                     // what has changed since the last push
  std::string roots_pem_;
  bool is_stopping_ = false;
};

}  // namespace ripstop::control
