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
#include "proxy/http1/http1_reader.h"
#include "proxy/http1/http1_writer.h"
#include "proxy/upstream/application_dialer.h"
#include "proxy/worker/settings.h"
#include "runtime/scope.h"

namespace ripstop::proxy {

class UpstreamCluster;

// Leave to have one connection to a host, from before it is opened until it is closed. Its cluster outlives it.
class ConnectionSlot {
 public:
  ConnectionSlot() = default;
  ConnectionSlot(UpstreamCluster& cluster, policy::Breaker::Permit permit, std::shared_ptr<uint32_t> taken);
  ConnectionSlot(ConnectionSlot&& other) noexcept = default;
  ConnectionSlot& operator=(ConnectionSlot&& other) noexcept {
    std::swap(cluster_, other.cluster_);
    std::swap(permit_, other.permit_);
    std::swap(taken_, other.taken_);
    return *this;
  }
  ~ConnectionSlot();
  explicit operator bool() const { return taken_ != nullptr; }

 private:
  UpstreamCluster* cluster_ = nullptr;
  policy::Breaker::Permit permit_;
  std::shared_ptr<uint32_t> taken_;  // slots of this worker for the host
};

// An HTTP/1 connection to a host: in use by one request, or idle in the host's pool.
struct UpstreamConnection {
  UpstreamConnection(net::StreamPtr to, ConnectionSlot place);
  UpstreamConnection(const UpstreamConnection&) = delete;
  UpstreamConnection& operator=(const UpstreamConnection&) = delete;

  ConnectionSlot slot;
  net::StreamPtr stream;
  Http1Reader reader;
  Http1Writer writer;
  uint32_t requests = 0;  // begun on it
  TimePoint idle_since{};
};
using UpstreamConnectionPtr = std::unique_ptr<UpstreamConnection>;

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
  [[nodiscard]] const ClusterSettings& settings() const { return *settings_; }
  [[nodiscard]] ClusterSettingsRef shared_settings() const { return settings_; }
  [[nodiscard]] const model::Cluster& model() const { return *settings_->model; }
  [[nodiscard]] const policy::HostSet& hosts() const { return hosts_; }

  // The host for one attempt; for an original-destination cluster `destination` itself. Empty: none healthy.
  [[nodiscard]] policy::HostRef pick(const policy::PickContext& context, const SocketAddress& destination);

  // How a request gets its connection: an idle one that is still good, or leave to open one.
  struct Turn {
    UpstreamConnectionPtr idle;
    ConnectionSlot slot;
    explicit operator bool() const { return idle != nullptr || static_cast<bool>(slot); }
  };
  // At once, or empty when the limit on connections is reached. `fresh` takes no idle one. The limit is shared by the
  // workers, and one that holds no connection to the host may always open a first one, as in Envoy: it would wait for
  // ever on what others keep idle.
  [[nodiscard]] Turn try_turn(policy::Host& host, bool fresh);
  // Waits among the pending requests until another request is done with its connection; empty when there are too many
  // pending already, or at the deadline.
  runtime::Task<Turn> wait_turn(policy::HostRef host, bool fresh, TimePoint deadline);
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
  friend class ConnectionSlot;
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
