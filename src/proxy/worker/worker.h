// Worker: one thread's share of the data plane. Share-nothing: it has its own reactor, clusters, pools and counters,
// and learns of changes by messages that carry immutable settings.
#pragma once

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
  Counter refused_without_chain;
  Counter refused_certificates;
  Counter failed_handshakes;
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
  };

  explicit Worker(Parts parts);
  ~Worker();

  void apply(const SettingsDelta& delta);
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
  void retire_replaced(const std::string& name);
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
  // Told now and then, so that a long connection is seen before its end.
  class Observer {
   public:
    virtual void on_tick() = 0;

   protected:
    ~Observer() = default;
  };

  Seat(Worker& worker, model::Direction direction);
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;
  ~Seat();

  // From now on the connection retires once the listener, as it is in force, no longer has such a filter chain. That
  // may be so already.
  void follow(ListenerRef listener, ChainRef chain);
  // At most one; null for none.
  void observe(Observer* observer) { observer_ = observer; }
  // Set when the worker drains: the connection shall end after its current request, and at once without one.
  [[nodiscard]] runtime::Event& drain() { return drain_; }
  // Set when its listener was replaced or removed: the connection shall end with its next answer, but need not hurry. A
  // client that was just about to send must not be cut off, for it could not know.
  [[nodiscard]] runtime::Event& retire() { return retire_; }
  // Every answer from now on is the connection's last.
  [[nodiscard]] bool is_ending() const { return drain_.is_set() || retire_.is_set(); }
  // Set when the drain time of a listener that was replaced or removed is over: the connection ends as it is.
  [[nodiscard]] runtime::Event& cut() { return cut_; }

 private:
  friend class Worker;
  Worker& worker_;
  model::Direction direction_;
  ListenerRef listener_;  // null until follow()
  ChainRef chain_;
  Observer* observer_ = nullptr;
  TimePoint cut_at_ = kNever;
  runtime::Event drain_;
  runtime::Event retire_;
  runtime::Event cut_;
  Seat* previous_ = nullptr;
  Seat* next_ = nullptr;
};

}  // namespace ripstop::proxy
