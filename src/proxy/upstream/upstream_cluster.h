// One cluster as one worker runs it: its hosts, their pools of idle connections, outlier detection, circuit breaker.
#pragma once

#include <deque>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/random.h"
#include "net/stream.h"
#include "policy/attempt/outlier.h"
#include "policy/balance/host_set.h"
#include "proxy/upstream/application_dialer.h"
#include "proxy/upstream/upstream_connection.h"
#include "proxy/worker/settings.h"
#include "runtime/scope.h"

namespace ripstop::proxy {

struct SharedConnection;

class UpstreamCluster : public std::enable_shared_from_this<UpstreamCluster> {
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
  // What active health checks found; without effect where the settings ask for none. Until the first call no host of a
  // cluster that asks for them is healthy.
  void update(std::shared_ptr<const policy::PassingHosts> passing);
  [[nodiscard]] const ClusterSettings& settings() const { return *settings_; }
  [[nodiscard]] ClusterSettingsRef shared_settings() const { return settings_; }
  [[nodiscard]] const model::Cluster& model() const { return *settings_->model; }
  [[nodiscard]] const policy::HostSet& hosts() const { return hosts_; }

  // The host for one attempt; for an original-destination cluster `destination` itself. Empty: none healthy.
  [[nodiscard]] policy::HostRef pick(const policy::PickContext& context, const SocketAddress& destination);

  // What a request asks of its connection.
  struct Wanted {
    protocol::Version version = protocol::Version::kHttp11;  // as the client speaks it
    bool is_switch = false;                                  // it ends in another protocol
    bool is_fresh = false;                                   // on no connection that has been idle
  };
  // At once, or null.
  [[nodiscard]] UpstreamRequestPtr try_request(policy::Host& host, const Wanted& wanted);
  // Opens a connection, or waits among the pending requests for one that others open or are done with. The limit on
  // connections is shared by the workers, and one that holds none to the host may always open a first one, as in Envoy:
  // it would wait for ever on what others keep idle. The error's origin is kPolicy when too many wait already.
  runtime::Task<Result<UpstreamRequestPtr>> request(policy::HostRef host, Wanted wanted, TimePoint deadline);
  // What will be spoken on a connection: TLS offers only the protocols that fit, because the mesh's servers choose how
  // to serve a connection by them. kEither leaves it to the server.
  enum class Speaks : uint8_t { kHttp1, kHttp2, kEither, kOpaque };
  // A plain or TLS stream to the host, within the cluster's connect time-out. The error's origin is upstream.
  runtime::Task<Result<net::StreamPtr>> open(policy::HostRef host, Speaks speaks, TimePoint deadline);
  // Both messages are complete: a connection that the request had to itself is kept for the next one, or closed.
  void give_back(policy::Host& host, UpstreamRequestPtr request, TimePoint now);

  void record(policy::Host& host, policy::HostOutcome outcome, TimePoint now);
  // Closes what has been idle too long and takes ejected hosts back. About once a second.
  void sweep(TimePoint now);
  // Idle connections in all pools.
  [[nodiscard]] size_t idle_count() const;

 private:
  struct Pool;
  static Pool& pool_of(policy::Host& host);
  friend class ConnectionSlot;
  class OpeningGuard;
  [[nodiscard]] Speaks speaks(const policy::Host& host, const Wanted& wanted) const;
  [[nodiscard]] static bool is_http1_alone(const policy::Host& host);
  [[nodiscard]] UpstreamConnectionPtr take_idle(policy::Host& host);
  [[nodiscard]] UpstreamRequestPtr share(policy::Host& host);
  [[nodiscard]] ConnectionSlot try_slot(policy::Host& host);
  runtime::Task<Result<UpstreamRequestPtr>> open_shared(policy::HostRef host, Speaks what, ConnectionSlot slot,
                                                        TimePoint deadline);
  runtime::Task<Result<UpstreamRequestPtr>> open_request(policy::HostRef host, Speaks what, ConnectionSlot slot,
                                                         TimePoint deadline);
  static void retire(std::vector<std::shared_ptr<SharedConnection>>& shared, size_t index);
  void sweep(Pool& pool, TimePoint now);
  void wake_one();
  [[nodiscard]] bool uses_tls(const policy::Host& host) const;
  [[nodiscard]] policy::HostSet make_host_set() const;
  runtime::Task<Result<net::StreamPtr>> open_plain(policy::HostRef host, TimePoint deadline);

  std::deque<runtime::Event*> waiting_;
  TimePoint born_;
  bool application_listens_ = false;  // it has been seen to
  ClusterSettingsRef settings_;
  bool prefers_http2_ = false;  // secured connections are HTTP/2 where the server wants it too
  Context context_;
  std::shared_ptr<const policy::PassingHosts> passing_;  // null: nothing is known yet
  policy::HostSet hosts_;
  std::unique_ptr<policy::OutlierDetector> outlier_;
  TimePoint next_tick_{};
  std::shared_ptr<const model::LoadAssignment> assignment_;
  // Original-destination clusters: a host per address that was asked for lately.
  std::unordered_map<SocketAddress, policy::HostRef> destinations_;
};

}  // namespace ripstop::proxy
