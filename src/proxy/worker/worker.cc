#include "proxy/worker/worker.h"

#include <utility>

#include "base/log.h"
#include "proxy/exchange.h"
#include "proxy/listener/accept_pace.h"
#include "proxy/listener/connection.h"
#include "proxy/listener/refusal.h"
#include "proxy/request_headers.h"
#include "runtime/wait.h"

namespace ripstop::proxy {
namespace {

constexpr Duration kSweepInterval = std::chrono::seconds(1);
constexpr int kSweepsPerTick = 5;  // as often as Istio reports on connections that live
// After accept failed for want of descriptors or memory: room may come, and trying at once would only spin.
constexpr Duration kAcceptPause = std::chrono::milliseconds(100);
constexpr size_t kIdleExchanges = 1024;
// What a request has made larger is not kept: a burst of large ones would stay for ever.
constexpr size_t kLargeExchange = size_t{16} << 10;

}  // namespace

ExchangePool::ExchangePool() = default;
ExchangePool::~ExchangePool() = default;

ExchangePool::Ref ExchangePool::take() {
  if (idle_.empty()) return Ref(new ExchangeState, GiveBack{this});
  ExchangeState* state = idle_.back().release();
  idle_.pop_back();
  return Ref(state, GiveBack{this});
}

void ExchangePool::GiveBack::operator()(ExchangeState* state) const {
  std::unique_ptr<ExchangeState> owned(state);
  const protocol::RequestHead& request = state->request;
  const size_t grown = state->replay.capacity() + request.storage.cookie.capacity() + request.fields.encoded_bound();
  if (grown > kLargeExchange || pool->idle_.size() >= kIdleExchanges) return;
  owned->clear();
  pool->idle_.push_back(std::move(owned));
}

Worker::Worker(Parts parts)
    : reactor_(runtime::Reactor::current()),
      random_(parts.seed),
      dialer_(std::move(parts.dialer)),
      telemetry_(std::move(parts.telemetry)),
      own_labels_(format_peer(parts.own_labels)),
      drain_time_(parts.drain_time),
      most_connections_(parts.most_connections) {
  housekeeping_.spawn(sweep_now_and_then());
}

Worker::~Worker() {
  acceptors_.clear();
  end_connections();
}

void Worker::apply(const SettingsDelta& delta) {
  const UpstreamCluster::Context context{random_, *dialer_};
  for (const ClusterSettingsRef& settings : delta.clusters) {
    auto& cluster = clusters_[settings->model->name];
    if (cluster) {
      cluster->update(settings);
    } else {
      cluster = std::make_shared<UpstreamCluster>(settings, context);
    }
  }
  for (const auto& assignment : delta.assignments) {
    if (const auto found = clusters_.find(assignment->cluster); found != clusters_.end()) {
      found->second->update(assignment);
    }
  }
  for (const auto& routes : delta.routes) routes_.insert_or_assign(routes->source().name, routes);
  for (const ListenerRef& listener : delta.listeners) listeners_.set(listener);
  for (const std::string& name : delta.removed_listeners) {
    acceptors_.erase(name);
    listeners_.remove(name);
  }
  for (const ListenerRef& listener : delta.listeners) retire_replaced(listener->model->name);
  for (const std::string& name : delta.removed_listeners) retire_replaced(name);
  ByName<RoutesRef> gone;
  for (const std::string& name : delta.removed_routes) gone.emplace(name, find_routes(name));
  if (!gone.empty()) housekeeping_.spawn(forget_routes(std::move(gone)));
  for (const std::string& name : delta.removed_clusters) clusters_.erase(name);
}

void Worker::apply(std::string_view cluster, std::shared_ptr<const policy::PassingHosts> passing) {
  if (const auto found = find_cluster(cluster)) found->update(std::move(passing));
}

void Worker::listen(const std::string& name, runtime::FileDescriptor socket) {
  auto acceptor = runtime::Acceptor::adopt(std::move(socket), true);
  if (!acceptor) {
    log::error("proxy.listener", name + ": " + acceptor.error().message);
    return;
  }
  auto& scope = acceptors_[name][acceptor->local_address().value_or(SocketAddress{})];
  if (!scope) scope = std::make_unique<runtime::Scope>();
  scope->spawn(accept_for(name, std::move(*acceptor)));
}

void Worker::stop_listening(const std::string& name, const SocketAddress& address) {
  if (const auto found = acceptors_.find(name); found != acceptors_.end()) found->second.erase(address);
}

void Worker::take_in(const std::string& name, runtime::Accepted accepted) {
  const ListenerRef listener = listeners_.find(name);
  if (!listener) return;
  if (places_ >= most_connections_ && !make_room()) {
    note_refusal(*this, Refusal::kOverLimit, name, {}, "there are as many connections as are allowed");
    return;
  }
  counters_.connections_total.add();
  Connection::begin(*this, listener, std::move(accepted));
}

runtime::Task<void> Worker::accept_for(std::string name, runtime::Acceptor acceptor) {
  AcceptPace pace;
  for (;;) {
    // Where room has to be made, who is there already is heard before the next comes in, one at a time: what was sent
    // and is not read yet makes the difference between a client and one who has nothing to say.
    const bool is_full = places_ >= most_connections_;
    if (is_full) co_await runtime::turn_end(runtime::Towards::kClient);
    auto accepted = acceptor.try_accept();
    if (!accepted) {
      log::warning("proxy.listener", name + ": " + accepted.error().message);
      // Those who wait would wake the loop in every turn.
      runtime::FileDescriptor listening = acceptor.release();
      co_await runtime::sleep_for(kAcceptPause);
      acceptor = *runtime::Acceptor::adopt(std::move(listening), true);
      continue;
    }
    if (*accepted) {
      take_in(name, std::move(**accepted));
      if (pace.may_go_on() && !is_full) continue;
      acceptor.readable().clear();
    } else {
      pace.found_none();
    }
    co_await acceptor.readable().wait();
  }
}

std::shared_ptr<UpstreamCluster> Worker::find_cluster(std::string_view name) const {
  const auto found = clusters_.find(name);
  return found == clusters_.end() ? nullptr : found->second;
}

RoutesRef Worker::find_routes(std::string_view name) const {
  const auto found = routes_.find(name);
  return found == routes_.end() ? nullptr : found->second;
}

runtime::Task<void> Worker::sweep_now_and_then() {
  for (int turn = 1;; ++turn) {
    co_await runtime::sleep_for(kSweepInterval);
    for (const auto& [name, cluster] : clusters_) cluster->sweep(reactor_.now());
    splits_.forget_gone();
    if (turn % kSweepsPerTick == 0) tick();
  }
}

runtime::Task<void> Worker::wait_until_empty(TimePoint deadline, std::function<void()> call) {
  while (places_ != 0) {
    emptied_.clear();
    if (!co_await emptied_.wait(deadline)) break;
  }
  // The last place is given up inside its connection's task, whose end is yet to come.
  co_await connections_.join(deadline);
  call();
}

void Worker::when_empty(TimePoint deadline, std::function<void()> call) {
  housekeeping_.spawn(wait_until_empty(deadline, std::move(call)));
}

runtime::Task<void> Worker::wait_until_inbound_empty(TimePoint deadline, std::function<void()> call) {
  while (inbound_places_ != 0) {
    inbound_emptied_.clear();
    if (!co_await inbound_emptied_.wait(deadline)) break;
  }
  call();
}

void Worker::when_inbound_empty(TimePoint deadline, std::function<void()> call) {
  housekeeping_.spawn(wait_until_inbound_empty(deadline, std::move(call)));
}

bool Worker::is_draining(model::Direction direction) const {
  return drains_all_ || (drains_inbound_ && direction == model::Direction::kInbound);
}

void Worker::drain(bool inbound_only) {
  drains_inbound_ = true;
  drains_all_ = drains_all_ || !inbound_only;
  for (auto at = acceptors_.begin(); at != acceptors_.end();) {
    const ListenerRef listener = listeners_.find(at->first);
    const bool stops = !listener || is_draining(listener->model->direction);
    at = stops ? acceptors_.erase(at) : std::next(at);
  }
  tell_drain();
}

}  // namespace ripstop::proxy
