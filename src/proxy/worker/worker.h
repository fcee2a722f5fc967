// Worker: one thread's share of the data plane. Share-nothing: it has its own reactor, clusters, pools and counters,
// and learns of changes by messages that carry immutable settings.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/counter.h"
#include "base/random.h"
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
template <typename Value>
using ByName = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

// Figures of one worker that other threads read.
struct WorkerCounters {
  Gauge connections;
  Gauge requests;
  Counter connections_total;
  Counter requests_total;
  // Connections turned away before their first request; see listener/refusal.h.
  Counter refused_without_chain;
  Counter refused_certificates;
  Counter failed_handshakes;
};

// Lives on its reactor's thread and may be used on that thread only, counters() excepted.
class Worker {
 public:
  struct Parts {
    std::unique_ptr<ApplicationDialer> dialer;
    std::unique_ptr<Telemetry> telemetry;
    uint64_t seed = 0;
    model::PeerLabels own_labels;  // this proxy's workload, told to other proxies
  };

  explicit Worker(Parts parts);
  ~Worker();

  void apply(const SettingsDelta& delta);
  // Accepts on `socket` for the listener of that name, which has been applied before.
  void listen(const std::string& name, runtime::FileDescriptor socket);

  // Null when there is none of that name. Whoever waits keeps the cluster alive.
  [[nodiscard]] std::shared_ptr<UpstreamCluster> find_cluster(std::string_view name) const;
  [[nodiscard]] std::shared_ptr<const policy::CompiledRouteTable> find_routes(std::string_view name) const;
  [[nodiscard]] const ListenerSet& listeners() const { return listeners_; }

  [[nodiscard]] Random& random() { return random_; }
  [[nodiscard]] Telemetry& telemetry() { return *telemetry_; }
  [[nodiscard]] ExchangePool& exchanges() { return exchanges_; }
  [[nodiscard]] runtime::Reactor& reactor() { return reactor_; }
  [[nodiscard]] WorkerCounters& counters() { return counters_; }
  [[nodiscard]] const ByName<std::shared_ptr<UpstreamCluster>>& clusters() const { return clusters_; }
  // As the field value of request_headers.h; empty when unknown.
  [[nodiscard]] const std::string& own_labels() const { return own_labels_; }

  // Stops accepting, lets idle connections go, and asks busy ones to close after their current request. `inbound_only`
  // leaves the outbound listeners alone.
  void drain(bool inbound_only = false);
  [[nodiscard]] bool is_draining(model::Direction direction) const;
  // Connections still open.
  [[nodiscard]] size_t open_connections() const { return connections_.size(); }
  // Calls back, in this thread, once none is open or at the deadline.
  void when_empty(TimePoint deadline, std::function<void()> call);
  // Likewise for inbound connections alone.
  void when_inbound_empty(TimePoint deadline, std::function<void()> call);

  // The connection's place in the list that drain() goes through.
  class Seat;

 private:
  runtime::Task<void> sweep_now_and_then();
  runtime::Task<void> wait_until_empty(TimePoint deadline, std::function<void()> call);
  runtime::Task<void> wait_until_inbound_empty(TimePoint deadline, std::function<void()> call);
  runtime::Task<void> accept_for(std::string name, runtime::Acceptor acceptor);

  runtime::Reactor& reactor_;
  Random random_;
  std::unique_ptr<ApplicationDialer> dialer_;
  std::unique_ptr<Telemetry> telemetry_;
  WorkerCounters counters_;
  ExchangePool exchanges_;
  std::string own_labels_;
  ByName<std::shared_ptr<UpstreamCluster>> clusters_;
  ByName<std::shared_ptr<const policy::CompiledRouteTable>> routes_;
  ListenerSet listeners_;
  ByName<std::unique_ptr<runtime::Scope>> acceptors_;
  Seat* first_seat_ = nullptr;
  bool drains_all_ = false;
  bool drains_inbound_ = false;
  size_t inbound_seats_ = 0;
  runtime::Event inbound_emptied_;
  runtime::Scope housekeeping_;
  runtime::Scope connections_;
};

// Held by a connection for as long as it lives.
class Worker::Seat {
 public:
  Seat(Worker& worker, model::Direction direction);
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;
  ~Seat();
  // Set when the worker begins to drain connections of this direction.
  [[nodiscard]] runtime::Event& drain() { return drain_; }

 private:
  friend class Worker;
  Worker& worker_;
  model::Direction direction_;
  runtime::Event drain_;
  Seat* previous_ = nullptr;
  Seat* next_ = nullptr;
};

}  // namespace ripstop::proxy
