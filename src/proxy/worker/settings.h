// Configuration made ready for the workers: compiled once on the configuration thread, immutable, shared by pointer.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "model/cluster.h"
#include "model/listener.h"
#include "net/tls/tls_context.h"
#include "policy/attempt/breaker.h"
#include "policy/connection/filter_chain.h"
#include "policy/route/route_table.h"
#include "protocol/limits.h"

namespace ripstop::proxy {

// The current TLS context of a set of secrets. Rotation replaces it; handshakes that began keep the one they took.
class TlsSlot {
 public:
  // Null while a secret is missing: connections fail until it arrives.
  [[nodiscard]] std::shared_ptr<const net::TlsContext> get() const {
    const std::lock_guard lock(mutex_);
    return context_;
  }
  void set(std::shared_ptr<const net::TlsContext> context) {
    const std::lock_guard lock(mutex_);
    context_ = std::move(context);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const net::TlsContext> context_;
};

struct ClusterSettings {
  std::shared_ptr<const model::Cluster> model;
  std::shared_ptr<TlsSlot> tls;  // null: plain text
  net::VerifyPeer verify_peer;   // from the cluster's peer names
  std::shared_ptr<policy::Breaker> breaker;
};
using ClusterSettingsRef = std::shared_ptr<const ClusterSettings>;

struct HttpSettings {
  std::shared_ptr<const model::HttpConnection> model;
  protocol::RequestRules rules;
  std::shared_ptr<const policy::CompiledRouteTable> inline_routes;  // null: by name
};

struct ChainSettings {
  const model::FilterChain* model = nullptr;  // inside the listener's model
  std::shared_ptr<TlsSlot> tls;               // null: plain text
  net::VerifyPeer verify_peer;
  std::shared_ptr<const HttpSettings> http;  // null: TCP
  policy::Split tcp_split;                   // among the clusters of a TCP proxy
};
using ChainRef = std::shared_ptr<const ChainSettings>;

struct ListenerSettings {
  std::shared_ptr<const model::Listener> model;
  policy::FilterChains choice;
  std::vector<ChainRef> chains;  // same order as the model's filter chains
  ChainRef default_chain;        // may be null

  // Null: nothing takes the connection.
  [[nodiscard]] ChainRef choose(const policy::ConnectionFacts& facts) const;
};
using ListenerRef = std::shared_ptr<const ListenerSettings>;

// One change, applied by a worker as a whole between two turns of its loop.
struct SettingsDelta {
  std::vector<ClusterSettingsRef> clusters;
  std::vector<std::string> removed_clusters;
  std::vector<std::shared_ptr<const model::LoadAssignment>> assignments;  // by cluster name
  std::vector<std::shared_ptr<const policy::CompiledRouteTable>> routes;  // by table name
  std::vector<std::string> removed_routes;
  std::vector<ListenerRef> listeners;
  std::vector<std::string> removed_listeners;

  [[nodiscard]] bool is_empty() const {
    return clusters.empty() && removed_clusters.empty() && assignments.empty() && routes.empty() &&
           removed_routes.empty() && listeners.empty() && removed_listeners.empty();
  }
};

}  // namespace ripstop::proxy
