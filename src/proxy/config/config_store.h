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
#include "proxy/worker/settings.h"
#include "xds/client_session.h"

namespace ripstop::proxy {

class ConfigStore {
 public:
  static constexpr uint64_t kEverything = ~uint64_t{0};

  // Called after everything that was taken, on the configuration thread, in order; with an empty change when it is all
  // held back or known.
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

  // Counts the updates that were taken.
  [[nodiscard]] uint64_t generation() const { return generation_; }
  // No more waiting for what came before generation `until`: what still lacks a part goes to the workers without it
  // (Envoy's initial_fetch_timeout).
  void give_up_waiting(uint64_t until = kEverything);
  [[nodiscard]] bool is_waiting() const { return !warming_clusters_.empty() || !warming_listeners_.empty(); }
  // Clusters and listeners have arrived by xDS, and nothing waits.
  [[nodiscard]] bool is_complete() const { return has_clusters_ && has_listeners_ && !is_waiting(); }

  [[nodiscard]] const std::map<std::string, ListenerRef>& listeners() const { return listeners_; }
  [[nodiscard]] const std::map<std::string, ClusterSettingsRef>& clusters() const { return clusters_; }
  // In force or about to be: those whose endpoints have to be found.
  [[nodiscard]] std::map<std::string, ClusterSettingsRef> latest_clusters() const;
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
  // What was waiting before generation `patience_ended` goes as it is.
  void promote(SettingsDelta& delta, uint64_t patience_ended = 0);
  void forget_unwanted(SettingsDelta& delta);
  static void want(const model::Cluster& cluster, Wanted& wanted);
  static void want(const model::Listener& listener, Wanted& wanted);
  void promote_cluster(const ClusterSettingsRef& cluster, SettingsDelta& delta);

  SecretStore& secrets_;
  Publish publish_;
  std::function<void()> on_names_;
  std::map<std::string, ListenerRef> listeners_;        // in force
  std::map<std::string, ClusterSettingsRef> clusters_;  // in force
  template <typename Settings>
  struct Warming {
    Settings settings;
    uint64_t since = 0;  // generation
  };
  std::map<std::string, Warming<ListenerRef>> warming_listeners_;
  std::map<std::string, Warming<ClusterSettingsRef>> warming_clusters_;
  std::map<std::string, RoutesRef> routes_;
  std::map<std::string, AssignmentRef> received_;     // by EDS name
  std::map<std::string, AssignmentRef> assignments_;  // by cluster name
  std::shared_ptr<const model::NameTable> names_;
  uint64_t generation_ = 0;
  bool has_clusters_ = false;
  bool has_listeners_ = false;
};

}  // namespace ripstop::proxy
