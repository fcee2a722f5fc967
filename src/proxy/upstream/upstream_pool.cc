// How a request gets its connection.
#include "proxy/upstream/upstream_pool.h"

#include <algorithm>
#include <utility>

#include "runtime/reactor.h"

namespace ripstop::proxy {
namespace {

constexpr size_t kIdlePerHost = 1024;
constexpr Duration kPingInterval = std::chrono::seconds(60);
constexpr Duration kStallTimeout = std::chrono::minutes(5);
constexpr Duration kDefaultIdleTimeout = std::chrono::hours(1);
// A shared connection would else live as long as there is traffic, and new endpoints and certificates get none of it.
constexpr Duration kDefaultAge = std::chrono::hours(1);

// How long a new connection waits to learn that the server speaks HTTP/2. Who says nothing is believed to.
constexpr Duration kFirstWord = std::chrono::seconds(1);
// How long a server that turned out to speak HTTP/1 alone is not asked again; another may start in its place.
constexpr Duration kTakenForHttp1 = std::chrono::minutes(1);

bool is_http2(std::string_view alpn) {
  return alpn == "h2" || alpn == "istio-h2";
}

// A place in a queue, left however the wait ends.
class Place {
 public:
  explicit Place(std::deque<runtime::Event*>& queue) : queue_(queue) { queue_.push_back(&turn); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { std::erase(queue_, &turn); }
  runtime::Event turn;

 private:
  std::deque<runtime::Event*>& queue_;
};

// Later, so that whoever has opened the connection goes first.
void finish(const std::shared_ptr<Opening>& opening) {
  opening->is_over = true;
  runtime::Reactor::current().defer([opening] {
    while (!opening->waiting.empty()) {
      runtime::Event* next = opening->waiting.front();
      opening->waiting.pop_front();
      next->set();
    }
  });
}

net::Http2Options options_for(const model::Cluster& cluster) {
  net::Http2Options options;
  options.idle_timeout = cluster.idle_timeout.value_or(kDefaultIdleTimeout);
  options.ping_interval = kPingInterval;
  options.stall_timeout = kStallTimeout;
  // Requests of many clients share the connection, and whoever does not read an answer must not hold up the others'.
  options.connection_window = options.max_streams * options.stream_window;
  return options;
}

Error overflow() {
  return {ErrorCode::kUnavailable, ErrorOrigin::kPolicy, Retry::kNever, "too many requests wait for a connection"};
}

Error too_late() {
  return {ErrorCode::kTimeout, ErrorOrigin::kUpstream, Retry::kNever, "no connection became free in time"};
}

}  // namespace

// Tells those who wait when the opening is over, and lets the next one try when its request was given up meanwhile.
class UpstreamCluster::OpeningGuard {
 public:
  explicit OpeningGuard(policy::HostRef host) : host_(std::move(host)), opening_(std::make_shared<Opening>()) {
    pool_of(*host_).opening = opening_;
  }
  OpeningGuard(const OpeningGuard&) = delete;
  OpeningGuard& operator=(const OpeningGuard&) = delete;
  ~OpeningGuard() {
    pool_of(*host_).opening.reset();
    finish(opening_);
  }
  void fail(const Error& error) { opening_->failure = error; }

 private:
  policy::HostRef host_;
  std::shared_ptr<Opening> opening_;
};

UpstreamCluster::Speaks UpstreamCluster::speaks(const policy::Host& host, const Wanted& wanted) const {
  if (wanted.is_switch && settings_->model->protocol != model::UpstreamProtocol::kHttp2) return Speaks::kHttp1;
  if (prefers_http2_ && uses_tls(host)) return Speaks::kEither;
  switch (settings_->model->protocol) {
    case model::UpstreamProtocol::kHttp2:
      return Speaks::kHttp2;
    case model::UpstreamProtocol::kSameAsDownstream:
      return wanted.version == protocol::Version::kHttp2 && !is_http1_alone(host) ? Speaks::kHttp2 : Speaks::kHttp1;
    case model::UpstreamProtocol::kHttp1:
    case model::UpstreamProtocol::kNegotiated:
      break;
  }
  return Speaks::kHttp1;
}

bool UpstreamCluster::is_http1_alone(const policy::Host& host) {
  const auto* pool = static_cast<const Pool*>(host.attachment.get());
  return pool != nullptr && pool->http1_until > runtime::Reactor::current().now();
}

UpstreamConnectionPtr UpstreamCluster::take_idle(policy::Host& host) {
  auto& idle = pool_of(host).idle;
  while (!idle.empty()) {
    UpstreamConnectionPtr connection = std::move(idle.back());
    idle.pop_back();
    // Something arrived while nobody had asked: an end, a reset, or bytes out of turn.
    if (connection->stream->has_hung_up()) continue;
    if (connection->stream->readable().is_set()) {
      char unexpected;
      if (connection->stream->try_read({&unexpected, 1}).state != runtime::Transfer::State::kWouldBlock) continue;
    }
    return connection;
  }
  return nullptr;
}

// The oldest that has room, so that few are used; what takes nothing more goes on with what it has, outside the pool.
UpstreamRequestPtr UpstreamCluster::share(policy::Host& host) {
  const TimePoint now = runtime::Reactor::current().now();
  const uint32_t most = settings_->model->max_requests_per_connection;
  auto& shared = pool_of(host).shared;
  for (size_t i = 0; i < shared.size();) {
    SharedConnection& connection = *shared[i];
    if (connection.has_room(most, now)) {
      ++connection.requests;
      return std::make_unique<Http2Request>(shared[i]);
    }
    if (connection.is_worn(most, now)) {
      retire(shared, i);
    } else {
      ++i;
    }
  }
  return nullptr;
}

void UpstreamCluster::retire(std::vector<SharedConnectionRef>& shared, size_t index) {
  const SharedConnectionRef connection = std::move(shared[index]);
  shared.erase(shared.begin() + static_cast<std::ptrdiff_t>(index));
  connection->http2->drain();
}

UpstreamRequestPtr UpstreamCluster::try_request(policy::Host& host, const Wanted& wanted) {
  const Speaks what = speaks(host, wanted);
  if (what != Speaks::kHttp1) {
    if (UpstreamRequestPtr request = share(host)) return request;
  }
  if (what == Speaks::kHttp2 || wanted.is_fresh) return nullptr;
  return take_idle(host);
}

ConnectionSlot UpstreamCluster::try_slot(policy::Host& host) {
  policy::Breaker::Permit permit = settings_->breaker->acquire(policy::Resource::kConnections);
  const auto& slots = pool_of(host).slots;
  if (!permit && *slots != 0) return {};
  return {*this, std::move(permit), slots};
}

runtime::Task<Result<UpstreamRequestPtr>> UpstreamCluster::request(policy::HostRef host, Wanted wanted,
                                                                   TimePoint deadline) {
  const ClusterSettingsRef settings = settings_;
  policy::Breaker::Permit pending;
  for (;;) {
    if (UpstreamRequestPtr ready = try_request(*host, wanted)) co_return ready;
    const Speaks what = speaks(*host, wanted);
    Pool& pool = pool_of(*host);
    const bool may_share = what != Speaks::kHttp1 && !(what == Speaks::kEither && pool.chose_http1);
    const std::shared_ptr<Opening> opening = may_share ? pool.opening : nullptr;
    ConnectionSlot slot;
    if (!opening) slot = try_slot(*host);
    if (slot && may_share) co_return co_await open_shared(std::move(host), what, std::move(slot), deadline);
    if (slot) co_return co_await open_request(std::move(host), what, std::move(slot), deadline);
    if (!pending) pending = settings->breaker->acquire(policy::Resource::kPendingRequests);
    if (!pending) co_return std::unexpected(overflow());
    Place place(opening ? opening->waiting : waiting_);
    if (!co_await place.turn.wait(deadline)) co_return std::unexpected(too_late());
    if (opening && opening->failure) co_return std::unexpected(*opening->failure);
  }
}

runtime::Task<Result<UpstreamRequestPtr>> UpstreamCluster::open_shared(policy::HostRef host, Speaks what,
                                                                       ConnectionSlot slot, TimePoint deadline) {
  OpeningGuard guard(host);
  auto request = co_await open_request(std::move(host), what, std::move(slot), deadline);
  if (!request) guard.fail(request.error());
  co_return request;
}

namespace {

runtime::Task<bool> begins_well(SharedConnection& connection, TimePoint deadline) {
  const TimePoint patience = runtime::Reactor::current().now() + kFirstWord;
  static_cast<void>(co_await connection.http2->settle(std::min(deadline, patience)));
  co_return !connection.http2->failure();
}

}  // namespace

runtime::Task<Result<UpstreamRequestPtr>> UpstreamCluster::open_request(policy::HostRef host, Speaks what,
                                                                        ConnectionSlot slot, TimePoint deadline) {
  auto stream = co_await open(host, what, deadline);
  if (!stream) co_return std::unexpected(std::move(stream.error()));
  const net::TlsSession* tls = (*stream)->tls();
  const bool has_chosen = tls != nullptr && !tls->alpn.empty();
  const bool is_shared = has_chosen ? is_http2(tls->alpn) : what == Speaks::kHttp2;
  if (what == Speaks::kEither) pool_of(*host).chose_http1 = !is_shared;
  if (!is_shared) co_return std::make_unique<UpstreamConnection>(std::move(*stream), std::move(slot));
  auto shared = std::make_shared<SharedConnection>(std::move(*stream), std::move(slot), options_for(*settings_->model));
  shared->old = deadline_after(runtime::Reactor::current().now(),
                               settings_->model->max_connection_duration.value_or(kDefaultAge));
  shared->requests = 1;
  // Spoken because the client speaks it and agreed upon with nobody, it may be more than the server understands, who
  // then says so in HTTP/1 or just leaves.
  const bool is_guess = !has_chosen && settings_->model->protocol == model::UpstreamProtocol::kSameAsDownstream;
  if (is_guess && !co_await begins_well(*shared, deadline)) {
    const TimePoint now = runtime::Reactor::current().now();
    if (shared->http2->failure()->code == ErrorCode::kUnsupported) pool_of(*host).http1_until = now + kTakenForHttp1;
    slot = std::move(shared->slot);
    shared.reset();
    co_return co_await open_request(std::move(host), Speaks::kHttp1, std::move(slot), deadline);
  }
  if (host->is_member) pool_of(*host).shared.push_back(shared);
  co_return std::make_unique<Http2Request>(std::move(shared));
}

// Later, so that whoever gives the slot back has finished what it is doing.
void UpstreamCluster::wake_one() {
  if (waiting_.empty()) return;
  runtime::Reactor::current().defer([weak = weak_from_this()] {
    const auto cluster = weak.lock();
    if (!cluster || cluster->waiting_.empty()) return;
    runtime::Event* next = cluster->waiting_.front();
    cluster->waiting_.pop_front();
    cluster->waiting_.push_back(next);
    next->set();
  });
}

void UpstreamCluster::give_back(policy::Host& host, UpstreamRequestPtr request, TimePoint now) {
  if (request->own_connection() == nullptr) return;
  UpstreamConnectionPtr connection(request->own_connection());
  static_cast<void>(request.release());
  connection->reader.end_message();
  const uint32_t most = settings_->model->max_requests_per_connection;
  auto& idle = pool_of(host).idle;
  const bool is_worn = (most != 0 && connection->requests >= most) || idle.size() >= kIdlePerHost;
  if (is_worn || !host.is_member || !connection->reader.is_empty()) return;
  connection->idle_since = now;
  idle.push_back(std::move(connection));
  wake_one();
}

namespace {

void drop_stale(std::vector<UpstreamConnectionPtr>& idle, TimePoint now, Duration longest) {
  std::erase_if(idle, [&](const UpstreamConnectionPtr& connection) {
    return connection->stream->has_hung_up() || now - connection->idle_since >= longest;
  });
}

}  // namespace

void UpstreamCluster::sweep(Pool& pool, TimePoint now) {
  drop_stale(pool.idle, now, settings_->model->idle_timeout.value_or(kDefaultIdleTimeout));
  for (size_t i = 0; i < pool.shared.size();) {
    if (pool.shared[i]->is_worn(settings_->model->max_requests_per_connection, now)) {
      retire(pool.shared, i);
    } else {
      ++i;
    }
  }
}

}  // namespace ripstop::proxy
