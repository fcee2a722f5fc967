// Worker: one thread's share of the data plane. Share-nothing: it has its own reactor, clusters, pools and counters,
// and learns of changes by messages that carry immutable settings.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/counter.h"
#include "base/random.h"
#include "policy/route/split.h"
#include "proxy/exchange_pool.h"
#include "proxy/listener/listener.h"
#include "proxy/telemetry/request_record.h"
#include "proxy/upstream/application_dialer.h"
#include "proxy/upstream/upstream_cluster.h"
#include "proxy/worker/settings.h"
#include "runtime/reactor.h"
#include "runtime/scope.h"

namespace ripstop::proxy {

struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
using RoutesRef = std::shared_ptr<const policy::CompiledRouteTable>;
template <typename Value>
using ByName = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

// Figures of one worker that other threads read.
struct WorkerCounters {
  Gauge connections;
  Gauge requests;
  Counter connections_total;
  Counter requests_total;
  // Connections turned away before their first request; see listener/refusal.h.
  Counter refused_over_limit;
  Counter refused_without_chain;
  Counter refused_certificates;
  Counter failed_handshakes;
  // Idle connections that gave way to new ones, at the limit.
  Counter gave_way;
  // Clients' HTTP/2 connections that were ended: for exceeding a budget, for breaking the rules, for being too slow.
  Counter flooded_http2;
  Counter malformed_http2;
  Counter timed_out_http2;
};

// Lives on its reactor's thread and may be used on that thread only, counters() excepted.
class Worker {
 public:
  struct Parts {
    std::unique_ptr<ApplicationDialer> dialer;
    std::unique_ptr<Telemetry> telemetry;
    uint64_t seed = 0;
    model::PeerLabels own_labels;                   // this proxy's workload, told to other proxies
    Duration drain_time = std::chrono::seconds(5);  // for connections of listeners that are replaced or removed
    size_t most_connections = SIZE_MAX;             // of clients, at once
  };

  explicit Worker(Parts parts);
  ~Worker();

  void apply(const SettingsDelta& delta);
  // What active health checks found of a cluster's hosts.
  void apply(std::string_view cluster, std::shared_ptr<const policy::PassingHosts> passing);
  // Accepts on `socket` for the listener of that name, which has been applied before.
  void listen(const std::string& name, runtime::FileDescriptor socket);
  // Closes that listener's sockets of that local address. Connections that were accepted go on.
  void stop_listening(const std::string& name, const SocketAddress& address);

  // Null when there is none of that name. Whoever waits keeps the cluster alive.
  [[nodiscard]] std::shared_ptr<UpstreamCluster> find_cluster(std::string_view name) const;
  [[nodiscard]] RoutesRef find_routes(std::string_view name) const;
  [[nodiscard]] const ListenerSet& listeners() const { return listeners_; }

  [[nodiscard]] Random& random() { return random_; }
  [[nodiscard]] policy::SplitCursors& splits() { return splits_; }
  [[nodiscard]] Telemetry& telemetry() { return *telemetry_; }
  [[nodiscard]] ExchangePool& exchanges() { return exchanges_; }
  [[nodiscard]] runtime::Reactor& reactor() { return reactor_; }
  [[nodiscard]] WorkerCounters& counters() { return counters_; }
  [[nodiscard]] const ByName<std::shared_ptr<UpstreamCluster>>& clusters() const { return clusters_; }
  // As the field value of request_headers.h; empty when unknown.
  [[nodiscard]] const std::string& own_labels() const { return own_labels_; }

  // Tells the observers of connections. Every five seconds by itself.
  void tick();

  // Stops accepting, lets idle connections go, and asks busy ones to close after their current request. `inbound_only`
  // leaves the outbound listeners alone.
  void drain(bool inbound_only = false);
  [[nodiscard]] bool is_draining(model::Direction direction) const;
  // Connections still open.
  [[nodiscard]] size_t open_connections() const { return places_; }
  // Calls back, in this thread, once none is open or at the deadline.
  void when_empty(TimePoint deadline, std::function<void()> call);
  // Likewise for inbound connections alone.
  void when_inbound_empty(TimePoint deadline, std::function<void()> call);

  // A connection among the worker's; see worker/seat.h.
  class Place;
  class Seat;
  // Runs on this worker until it is done or the worker ends.
  void spawn(runtime::Task<void> connection) { connections_.spawn(std::move(connection)); }

 private:
  runtime::Task<void> sweep_now_and_then();
  runtime::Task<void> wait_until_empty(TimePoint deadline, std::function<void()> call);
  runtime::Task<void> wait_until_inbound_empty(TimePoint deadline, std::function<void()> call);
  runtime::Task<void> accept_for(std::string name, runtime::Acceptor acceptor);
  void take_in(const std::string& name, runtime::Accepted accepted);
  void retire_replaced(const std::string& name);
  bool make_room();
  void tell_drain();
  void end_connections();
  runtime::Task<void> cut_at(TimePoint deadline);
  runtime::Task<void> forget_routes(ByName<RoutesRef> gone);

  runtime::Reactor& reactor_;
  Random random_;
  policy::SplitCursors splits_{random_};
  std::unique_ptr<ApplicationDialer> dialer_;
  std::unique_ptr<Telemetry> telemetry_;
  WorkerCounters counters_;
  ExchangePool exchanges_;
  std::string own_labels_;
  ByName<std::shared_ptr<UpstreamCluster>> clusters_;
  ByName<RoutesRef> routes_;
  ListenerSet listeners_;
  ByName<std::map<SocketAddress, std::unique_ptr<runtime::Scope>>> acceptors_;  // by local address
  Duration drain_time_;
  size_t most_connections_;
  Place* first_place_ = nullptr;  // the newest
  Place* last_place_ = nullptr;
  size_t places_ = 0;
  bool drains_all_ = false;
  bool drains_inbound_ = false;
  size_t inbound_places_ = 0;
  runtime::Event emptied_;
  runtime::Event inbound_emptied_;
  runtime::Scope housekeeping_;
  runtime::Scope connections_;
};

}  // namespace ripstop::proxy
