#include "proxy/upstream/upstream_cluster.h"

#include <algorithm>
#include <utility>

#include "runtime/reactor.h"

namespace ripstop::proxy {
namespace {

constexpr Duration kDefaultIdleTimeout = std::chrono::hours(1);
constexpr size_t kIdlePerHost = 1024;
constexpr size_t kDestinations = 4096;

// Responses are read under these budgets; path rules do not concern them.
const protocol::RequestRules& response_rules() {
  static const protocol::RequestRules rules;
  return rules;
}

Error from_upstream(Error error) {
  error.origin = ErrorOrigin::kUpstream;
  return error;
}

// Where names have to be looked up first, the endpoints come from elsewhere.
bool has_own_endpoints(const model::Cluster& cluster) {
  return cluster.discovery == model::Discovery::kStatic && cluster.assignment.has_value();
}

bool connects_alike(const model::Cluster& left, const model::Cluster& right) {
  return left.tls == right.tls && left.tls_only_where_taken == right.tls_only_where_taken &&
         left.is_application == right.is_application;
}

}  // namespace

struct UpstreamCluster::Pool final : policy::HostAttachment {
  std::shared_ptr<uint32_t> slots = std::make_shared<uint32_t>(0);  // taken by this worker
  std::vector<UpstreamConnectionPtr> idle;                          // most recently used last
};

ConnectionSlot::ConnectionSlot(UpstreamCluster& cluster, policy::Breaker::Permit permit,
                               std::shared_ptr<uint32_t> taken)
    : cluster_(&cluster), permit_(std::move(permit)), taken_(std::move(taken)) {
  ++*taken_;
}

ConnectionSlot::~ConnectionSlot() {
  if (!taken_) return;
  --*taken_;
  permit_.release();
  cluster_->wake_one();
}

UpstreamConnection::UpstreamConnection(net::StreamPtr to, ConnectionSlot place)
    : slot(std::move(place)), stream(std::move(to)), reader(*stream, response_rules()), writer(*stream) {}

UpstreamCluster::UpstreamCluster(ClusterSettingsRef settings, Context context)
    : settings_(std::move(settings)), context_(context), hosts_(*settings_->model) {
  if (settings_->model->outlier) outlier_ = std::make_unique<policy::OutlierDetector>(*settings_->model->outlier);
  if (has_own_endpoints(*settings_->model)) {
    update(std::make_shared<const model::LoadAssignment>(*settings_->model->assignment));
  }
}

UpstreamCluster::~UpstreamCluster() = default;

void UpstreamCluster::update(ClusterSettingsRef settings) {
  const bool keeps_pools = connects_alike(*settings_->model, *settings->model);
  settings_ = std::move(settings);
  const model::Cluster& cluster = *settings_->model;
  outlier_ = cluster.outlier ? std::make_unique<policy::OutlierDetector>(*cluster.outlier) : nullptr;
  if (!keeps_pools) destinations_.clear();
  auto assignment =
      has_own_endpoints(cluster) ? std::make_shared<const model::LoadAssignment>(*cluster.assignment) : assignment_;
  // A host set reads its settings once, so there is a new one; what was known of the hosts moves over.
  policy::HostSet before = std::exchange(hosts_, policy::HostSet(cluster));
  if (!assignment) return;
  update(std::move(assignment));
  std::unordered_map<SocketAddress, policy::Host*> known;
  for (const policy::HostRef& host : before.hosts()) known.emplace(host->endpoint->address, host.get());
  for (const policy::HostRef& host : hosts_.hosts()) {
    const auto found = known.find(host->endpoint->address);
    if (found != known.end() && keeps_pools) host->attachment = std::move(found->second->attachment);
  }
}

void UpstreamCluster::update(std::shared_ptr<const model::LoadAssignment> assignment) {
  assignment_ = assignment;
  hosts_.update(std::move(assignment), context_.random);
}

policy::HostRef UpstreamCluster::pick(const policy::PickContext& context, const SocketAddress& destination) {
  if (settings_->model->discovery != model::Discovery::kOriginalDst) {
    return policy::HostRef(hosts_.pick(context, context_.random));
  }
  if (destination.port == 0) return {};
  policy::HostRef& host = destinations_[destination];
  if (!host) {
    auto endpoint = std::make_shared<model::Endpoint>();
    endpoint->address = destination;
    host = policy::HostRef(new policy::Host(std::move(endpoint), 0));
  }
  return host;
}

UpstreamCluster::Pool& UpstreamCluster::pool_of(policy::Host& host) {
  if (!host.attachment) host.attachment = std::make_unique<Pool>();
  return static_cast<Pool&>(*host.attachment);
}

bool UpstreamCluster::uses_tls(const policy::Host& host) const {
  return settings_->tls && (!settings_->model->tls_only_where_taken || host.endpoint->takes_mtls);
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

UpstreamCluster::Turn UpstreamCluster::try_turn(policy::Host& host, bool fresh) {
  Turn turn;
  if (!fresh) turn.idle = take_idle(host);
  if (turn.idle) return turn;
  policy::Breaker::Permit permit = settings_->breaker->acquire(policy::Resource::kConnections);
  const auto& slots = pool_of(host).slots;
  if (permit || *slots == 0) turn.slot = ConnectionSlot(*this, std::move(permit), slots);
  return turn;
}

namespace {

// A place in the queue of pending requests, left however the wait ends.
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

}  // namespace

runtime::Task<UpstreamCluster::Turn> UpstreamCluster::wait_turn(policy::HostRef host, bool fresh, TimePoint deadline) {
  const ClusterSettingsRef settings = settings_;
  const policy::Breaker::Permit pending = settings->breaker->acquire(policy::Resource::kPendingRequests);
  if (!pending) co_return Turn{};
  for (;;) {
    Place place(waiting_);
    if (!co_await place.turn.wait(deadline)) co_return Turn{};
    if (Turn turn = try_turn(*host, fresh)) co_return turn;
  }
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

runtime::Task<Result<net::StreamPtr>> UpstreamCluster::open_plain(policy::HostRef host, TimePoint deadline) {
  const runtime::Endpoint to{host->endpoint->address, {}};
  if (!settings_->model->is_application) {
    auto socket = co_await runtime::connect(to, deadline);
    if (!socket) co_return std::unexpected(from_upstream(std::move(socket.error())));
    co_return net::make_tcp_stream(std::move(*socket));
  }
  auto fd = context_.dialer.make_socket(to.address.ip);
  if (!fd) co_return std::unexpected(from_upstream(std::move(fd.error())));
  auto socket = co_await runtime::connect(std::move(*fd), to, deadline);
  if (!socket) co_return std::unexpected(from_upstream(std::move(socket.error())));
  co_return net::make_tcp_stream(std::move(*socket));
}

namespace {

// "istio-http/1.1", "http/1.1" and the like are for HTTP/1, "istio-h2" and "h2" for HTTP/2, all others for opaque
// bytes.
std::vector<std::string> offered_alpn(const std::vector<std::string>& all, UpstreamCluster::Speaks speaks) {
  std::vector<std::string> fitting;
  for (const std::string& protocol : all) {
    const bool is_http1 = protocol.find("http/1") != std::string::npos;
    const bool is_http2 = protocol == "h2" || protocol == "istio-h2";
    if (speaks == UpstreamCluster::Speaks::kHttp1 ? is_http1 : !is_http1 && !is_http2) fitting.push_back(protocol);
  }
  return fitting;
}

}  // namespace

runtime::Task<Result<net::StreamPtr>> UpstreamCluster::open(policy::HostRef host, Speaks speaks, TimePoint deadline) {
  const ClusterSettingsRef settings = settings_;
  const TimePoint now = runtime::Reactor::current().now();
  deadline = std::min(deadline, deadline_after(now, settings->model->connect_timeout));
  auto plain = co_await open_plain(host, deadline);
  if (!plain || !uses_tls(*host)) co_return std::move(plain);
  auto context = settings->tls->get();
  if (!context) {
    co_return fail(ErrorCode::kTls, "there is no certificate or trust bundle yet to secure the connection with",
                   ErrorOrigin::kUpstream);
  }
  net::TlsTarget target;
  target.sni = settings->model->tls->sni;
  target.session_key = host->endpoint->address.to_string() + "/" + target.sni;
  target.verify = &settings->verify_peer;
  target.alpn = offered_alpn(settings->model->tls->alpn, speaks);
  auto secured = co_await net::connect_tls(std::move(*plain), std::move(context), std::move(target), deadline);
  if (!secured) co_return std::unexpected(from_upstream(std::move(secured.error())));
  co_return std::move(*secured);
}

void UpstreamCluster::give_back(policy::Host& host, UpstreamConnectionPtr connection, TimePoint now) {
  const uint32_t most = settings_->model->max_requests_per_connection;
  auto& idle = pool_of(host).idle;
  const bool is_worn = (most != 0 && connection->requests >= most) || idle.size() >= kIdlePerHost;
  if (is_worn || !host.is_member || !connection->reader.is_empty()) return;
  connection->idle_since = now;
  idle.push_back(std::move(connection));
  wake_one();
}

void UpstreamCluster::record(policy::Host& host, policy::HostOutcome outcome, TimePoint now) {
  if (outlier_) outlier_->record(hosts_, host, outcome, now, context_.random);
}

namespace {

void drop_stale(std::vector<UpstreamConnectionPtr>& idle, TimePoint now, Duration longest) {
  std::erase_if(idle, [&](const UpstreamConnectionPtr& connection) {
    return connection->stream->has_hung_up() || now - connection->idle_since >= longest;
  });
}

}  // namespace

void UpstreamCluster::sweep(TimePoint now) {
  const Duration longest = settings_->model->idle_timeout.value_or(kDefaultIdleTimeout);
  for (const policy::HostRef& host : hosts_.hosts()) drop_stale(pool_of(*host).idle, now, longest);
  for (auto at = destinations_.begin(); at != destinations_.end();) {
    auto& idle = pool_of(*at->second).idle;
    drop_stale(idle, now, longest);
    const bool is_unused = idle.empty() && at->second->active_requests == 0;
    at = is_unused || destinations_.size() > kDestinations ? destinations_.erase(at) : std::next(at);
  }
  if (outlier_ && now >= next_tick_) {
    outlier_->tick(hosts_, now, context_.random);
    next_tick_ = now + outlier_->interval();
  }
}

size_t UpstreamCluster::idle_count() const {
  size_t count = 0;
  for (const policy::HostRef& host : hosts_.hosts()) count += pool_of(*host).idle.size();
  return count;
}

}  // namespace ripstop::proxy
