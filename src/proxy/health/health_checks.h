// Active health checks of the clusters that ask for them: one checker per cluster in the process, whose findings go to
// all workers, so that a host is asked once per interval however many workers there are.
//
// Configuration thread. A host is failing until its first check has passed, and a cluster that comes later is not held
// back until then: where its panic threshold is 0 it has no host for so long. Each check has a connection of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "policy/health/health_state.h"
#include "proxy/upstream/upstream_cluster.h"
#include "runtime/event.h"
#include "runtime/scope.h"

namespace ripstop::proxy {

class HealthChecks {
 public:
  using Clusters = std::map<std::string, ClusterSettingsRef>;
  using Assignments = std::map<std::string, std::shared_ptr<const model::LoadAssignment>>;
  // After each change of who passes.
  using Publish = std::function<void(const std::string& cluster, std::shared_ptr<const policy::PassingHosts> passing)>;

  HealthChecks(UpstreamCluster::Context context, Publish publish) : context_(context), publish_(std::move(publish)) {}

  // Begins with hosts that are new, ends with those that are gone. A host whose cluster has changed keeps its state and
  // is checked at once. After every change of the configuration; `assignments` by cluster name, for clusters whose
  // endpoints are found elsewhere.
  void follow(const Clusters& clusters, const Assignments& assignments);

  // As Envoy counts them, since the cluster is checked.
  struct Figures {
    uint64_t attempt = 0;
    uint64_t success = 0;
    uint64_t failure = 0;
    uint64_t network_failure = 0;  // those that reached no verdict of the host's; in `failure` as well
    uint64_t healthy = 0;          // hosts that pass now
  };
  [[nodiscard]] std::map<std::string_view, Figures> figures() const;
  // Every host has been checked.
  [[nodiscard]] bool is_settled() const;
  // Set after each check.
  [[nodiscard]] runtime::Event& progress() { return progress_; }

 private:
  struct Host {
    policy::HostRef where;  // to connect
    policy::HealthState state;
    runtime::Scope scope;  // last: its task refers to the rest
  };
  struct Checked {
    ClusterSettingsRef settings;
    std::shared_ptr<UpstreamCluster> connector;  // opens connections as the cluster's settings say, and nothing else
    Figures figures;
    std::map<SocketAddress, std::unique_ptr<Host>> hosts;
    [[nodiscard]] const model::HealthCheck& check() const { return *settings->model->health_check; }
  };
  void follow(Checked& checked, const model::LoadAssignment& assignment, bool is_changed);
  void begin(Checked& checked, Host& host, const model::Endpoint& endpoint);
  runtime::Task<void> keep_checking(Checked& checked, Host& host);
  void count(Checked& checked, policy::HealthProbe result);
  void publish(const Checked& checked) const;

  UpstreamCluster::Context context_;
  Publish publish_;
  runtime::Event progress_;
  std::map<std::string, std::unique_ptr<Checked>> checked_;
};

}  // namespace ripstop::proxy
