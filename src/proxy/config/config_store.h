// What the proxy runs, as the configuration thread sees it: takes resources from the bootstrap and from xDS, judges and
// compiles them, holds back what is not complete yet, and hands the workers one consistent change after the other.
//
// Make before break: a cluster goes to the workers once it has endpoints (EDS) or could not get any in time; a listener
// once its route tables are there. What was in force stays in force until its replacement is ready, and when an update
// is refused.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "model/listener.h"
#include "proxy/config/compile.h"
#include "proxy/config/secret_store.h"
#include "proxy/settings.h"
#include "xds/client_session.h"

namespace ripstop::proxy {

class ConfigStore {
 public:
  // Called with every change, on the configuration thread, in order.
  using Publish = std::function<void(std::shared_ptr<const SettingsDelta>)>;

  ConfigStore(SecretStore& secrets, Publish publish);

  // Static resources; published at once. The first error ends it, with the resource's name.
  Status add_listener(model::Listener listener);
  Status add_cluster(model::Cluster cluster);

  // Decodes and compiles everything in the update and then takes all of it, or nothing: the error is the sentence for
  // the NACK.
  Status take(const xds::Update& update);
  // Endpoints found by DNS for a cluster.
  void set_assignment(model::LoadAssignment assignment);

  // What the configuration refers to and has to be fetched by name.
  struct Wanted {
    std::set<std::string> assignments;
    std::set<std::string> routes;
    std::set<std::string> secrets;
  };
  [[nodiscard]] Wanted wanted() const;

  // No more waiting: what still lacks a part goes to the workers without it (Envoy's initial_fetch_timeout).
  void give_up_waiting();
  [[nodiscard]] bool is_waiting() const { return !warming_clusters_.empty() || !warming_listeners_.empty(); }
  // Clusters and listeners have arrived by xDS, and nothing waits.
  [[nodiscard]] bool is_complete() const { return has_clusters_ && has_listeners_ && !is_waiting(); }

  [[nodiscard]] const std::map<std::string, ListenerRef>& listeners() const { return listeners_; }
  [[nodiscard]] const std::map<std::string, ClusterSettingsRef>& clusters() const { return clusters_; }
  using RoutesRef = std::shared_ptr<const policy::CompiledRouteTable>;
  [[nodiscard]] const std::map<std::string, RoutesRef>& routes() const { return routes_; }
  using AssignmentRef = std::shared_ptr<const model::LoadAssignment>;
  // By cluster name.
  [[nodiscard]] const std::map<std::string, AssignmentRef>& assignments() const { return assignments_; }
  [[nodiscard]] const std::shared_ptr<const model::NameTable>& names() const { return names_; }
  // Called when the table of names changes.
  void on_names(std::function<void()> call) { on_names_ = std::move(call); }

 private:
  Status take_clusters(const xds::Update& update, SettingsDelta& delta);
  Status take_listeners(const xds::Update& update, SettingsDelta& delta);
  Status take_routes(const xds::Update& update, SettingsDelta& delta);
  Status take_assignments(const xds::Update& update, SettingsDelta& delta);
  Status take_secrets(const xds::Update& update);
  Status take_names(const xds::Update& update);

  [[nodiscard]] static std::string assignment_name(const model::Cluster& cluster);
  [[nodiscard]] bool is_warm(const model::Cluster& cluster) const;
  [[nodiscard]] bool is_warm(const model::Listener& listener) const;
  void promote(SettingsDelta& delta, bool everything = false);
  void promote_cluster(const ClusterSettingsRef& cluster, SettingsDelta& delta);
  void publish(SettingsDelta delta);

  SecretStore& secrets_;
  Publish publish_;
  std::function<void()> on_names_;
  std::map<std::string, ListenerRef> listeners_;        // in force
  std::map<std::string, ClusterSettingsRef> clusters_;  // in force
  std::map<std::string, ListenerRef> warming_listeners_;
  std::map<std::string, ClusterSettingsRef> warming_clusters_;
  std::map<std::string, RoutesRef> routes_;
  std::map<std::string, AssignmentRef> received_;     // by EDS name
  std::map<std::string, AssignmentRef> assignments_;  // by cluster name
  std::shared_ptr<const model::NameTable> names_;
  bool has_clusters_ = false;
  bool has_listeners_ = false;
};

}  // namespace ripstop::proxy
