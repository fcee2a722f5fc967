// One cluster as one worker runs it: its hosts, their pools of idle connections, outlier detection, circuit breaker.
#pragma once

#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "net/stream.h"
#include "policy/attempt/outlier.h"
#include "policy/balance/host_set.h"
#include "proxy/application_dialer.h"
#include "proxy/http1_reader.h"
#include "proxy/http1_writer.h"
#include "proxy/settings.h"
#include "runtime/scope.h"

namespace ripstop::proxy {

class UpstreamCluster;

// An HTTP/1 connection to a host: in use by one request, or idle in the host's pool. Its cluster outlives it.
struct UpstreamConnection {
  UpstreamConnection(UpstreamCluster& of, net::StreamPtr to, policy::Breaker::Permit slot);
  UpstreamConnection(const UpstreamConnection&) = delete;
  UpstreamConnection& operator=(const UpstreamConnection&) = delete;
  ~UpstreamConnection();

  UpstreamCluster& cluster;
  net::StreamPtr stream;
  Http1Reader reader;
  Http1Writer writer;
  uint32_t requests = 0;  // begun on it
  TimePoint idle_since{};
  policy::Breaker::Permit permit;
};
using UpstreamConnectionPtr = std::unique_ptr<UpstreamConnection>;

class UpstreamCluster {
 public:
  struct Context {  // what the cluster borrows from its worker
    Random& random;
    ApplicationDialer& dialer;
  };

  UpstreamCluster(ClusterSettingsRef settings, Context context);
  ~UpstreamCluster();

  // New settings of the same cluster: pools stay unless how to connect has changed.
  void update(ClusterSettingsRef settings);
  void update(std::shared_ptr<const model::LoadAssignment> assignment);
  [[nodiscard]] const ClusterSettings& settings() const { return *settings_; }
  [[nodiscard]] ClusterSettingsRef shared_settings() const { return settings_; }
  [[nodiscard]] const model::Cluster& model() const { return *settings_->model; }
  [[nodiscard]] const policy::HostSet& hosts() const { return hosts_; }

  // The host for one attempt; for an original-destination cluster `destination` itself. Empty: none healthy.
  [[nodiscard]] policy::HostRef pick(const policy::PickContext& context, const SocketAddress& destination);

  // How a request gets its connection: an idle one that is still good, or leave to open one.
  struct Turn {
    UpstreamConnectionPtr idle;
    policy::Breaker::Permit permit;
    explicit operator bool() const { return idle != nullptr || static_cast<bool>(permit); }
  };
  // At once, or empty when the limit on connections is reached. `fresh` takes no idle one.
  [[nodiscard]] Turn try_turn(policy::Host& host, bool fresh);
  // Waits among the pending requests until another request is done with its connection; empty when there are too many
  // pending already, or at the deadline.
  runtime::Task<Turn> wait_turn(policy::HostRef host, bool fresh, TimePoint deadline);
  [[nodiscard]] UpstreamConnectionPtr adopt(net::StreamPtr stream, policy::Breaker::Permit permit);
  // What will be spoken on a connection: TLS offers only the protocols that fit, because the mesh's servers choose how
  // to serve a connection by them.
  enum class Speaks : uint8_t { kHttp1, kOpaque };
  // A plain or TLS stream to the host, within the cluster's connect time-out. The error's origin is upstream.
  runtime::Task<Result<net::StreamPtr>> open(policy::HostRef host, Speaks speaks, TimePoint deadline);
  // The connection's message exchange ended cleanly: keep it for the next request, or close it.
  void give_back(policy::Host& host, UpstreamConnectionPtr connection, TimePoint now);

  void record(policy::Host& host, policy::HostOutcome outcome, TimePoint now);
  // Closes what has been idle too long and takes ejected hosts back. About once a second.
  void sweep(TimePoint now);
  // Idle connections in all pools.
  [[nodiscard]] size_t idle_count() const;

 private:
  struct Pool;
  static Pool& pool_of(policy::Host& host);
  friend struct UpstreamConnection;
  [[nodiscard]] UpstreamConnectionPtr take_idle(policy::Host& host);
  void wake_one();
  [[nodiscard]] bool uses_tls(const policy::Host& host) const;
  runtime::Task<Result<net::StreamPtr>> open_plain(policy::HostRef host, TimePoint deadline);

  std::deque<runtime::Event*> waiting_;  // first: connections that die with the hosts look at it
  ClusterSettingsRef settings_;
  Context context_;
  policy::HostSet hosts_;
  std::unique_ptr<policy::OutlierDetector> outlier_;
  TimePoint next_tick_{};
  std::shared_ptr<const model::LoadAssignment> assignment_;
  // Original-destination clusters: a host per address that was asked for lately.
  std::unordered_map<SocketAddress, policy::HostRef> destinations_;
};

}  // namespace ripstop::proxy
