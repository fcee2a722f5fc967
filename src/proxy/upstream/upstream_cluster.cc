#include "proxy/upstream/upstream_cluster.h"

#include <algorithm>
#include <utility>

#include "proxy/upstream/upstream_pool.h"
#include "runtime/reactor.h"
#include "runtime/wait.h"

namespace ripstop::proxy {
namespace {

constexpr size_t kDestinations = 4096;
// An application may need a moment before it listens, and its proxy is there first: who comes meanwhile waits.
constexpr Duration kFirstMoment = std::chrono::seconds(5);
constexpr Duration kKnock = std::chrono::milliseconds(10);

Error from_upstream(Error error) {
  error.origin = ErrorOrigin::kUpstream;
  return error;
}

// Where names have to be looked up first, the endpoints come from elsewhere.
bool has_own_endpoints(const model::Cluster& cluster) {
  return cluster.discovery == model::Discovery::kStatic && cluster.assignment.has_value();
}

// "istio-http/1.1", "http/1.1" and the like are for HTTP/1, "istio-h2" and "h2" for HTTP/2, all others for opaque
// bytes.
bool is_http1(const std::string& protocol) {
  return protocol.find("http/1") != std::string::npos;
}

bool is_http2(const std::string& protocol) {
  return protocol == "h2" || protocol == "istio-h2";
}

// A list that names HTTP/2 before HTTP/1 leaves the choice to the server; in any other case the cluster's protocol
// decides and only what fits it is offered.
bool prefers_http2(const model::Cluster& cluster) {
  if (cluster.protocol == model::UpstreamProtocol::kNegotiated) return true;
  if (!cluster.tls) return false;
  const auto& alpn = cluster.tls->alpn;
  const auto http2 = std::ranges::find_if(alpn, is_http2);
  const auto http1 = std::ranges::find_if(alpn, is_http1);
  return http1 != alpn.end() && http2 < http1;
}

bool connects_alike(const model::Cluster& left, const model::Cluster& right) {
  return left.tls == right.tls && left.tls_only_where_taken == right.tls_only_where_taken &&
         left.is_application == right.is_application && left.protocol == right.protocol;
}

}  // namespace

UpstreamCluster::UpstreamCluster(ClusterSettingsRef settings, Context context)
    : born_(runtime::Reactor::current().now()),
      settings_(std::move(settings)),
      prefers_http2_(prefers_http2(*settings_->model)),
      context_(context),
      hosts_(make_host_set()) {
  if (settings_->model->outlier) outlier_ = std::make_unique<policy::OutlierDetector>(*settings_->model->outlier);
  if (has_own_endpoints(*settings_->model)) {
    update(std::make_shared<const model::LoadAssignment>(*settings_->model->assignment));
  }
}

UpstreamCluster::~UpstreamCluster() = default;

policy::HostSet UpstreamCluster::make_host_set() const {
  policy::HostSet hosts(*settings_->model);
  if (settings_->model->health_check) {
    hosts.set_passing(passing_ ? passing_ : std::make_shared<const policy::PassingHosts>(), context_.random);
  }
  return hosts;
}

void UpstreamCluster::update(ClusterSettingsRef settings) {
  const bool keeps_pools = connects_alike(*settings_->model, *settings->model);
  settings_ = std::move(settings);
  const model::Cluster& cluster = *settings_->model;
  if (!cluster.health_check) passing_.reset();
  prefers_http2_ = prefers_http2(cluster);
  outlier_ = cluster.outlier ? std::make_unique<policy::OutlierDetector>(*cluster.outlier) : nullptr;
  if (!keeps_pools) destinations_.clear();
  auto assignment =
      has_own_endpoints(cluster) ? std::make_shared<const model::LoadAssignment>(*cluster.assignment) : assignment_;
  // A host set reads its settings once, so there is a new one; what was known of the hosts moves over.
  policy::HostSet before = std::exchange(hosts_, make_host_set());
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

void UpstreamCluster::update(std::shared_ptr<const policy::PassingHosts> passing) {
  passing_ = std::move(passing);
  if (settings_->model->health_check) hosts_.set_passing(passing_, context_.random);
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

runtime::Task<Result<net::StreamPtr>> UpstreamCluster::open_plain(policy::HostRef host, TimePoint deadline) {
  const runtime::Endpoint to{host->endpoint->address, {}};
  if (!settings_->model->is_application) {
    auto socket = co_await runtime::connect(to, deadline);
    if (!socket) co_return std::unexpected(from_upstream(std::move(socket.error())));
    co_return net::make_tcp_stream(std::move(*socket));
  }
  for (;;) {
    auto fd = context_.dialer.make_socket(to.address.ip);
    if (!fd) co_return std::unexpected(from_upstream(std::move(fd.error())));
    auto socket = co_await runtime::connect(std::move(*fd), to, deadline);
    if (socket) {
      application_listens_ = true;
      co_return net::make_tcp_stream(std::move(*socket));
    }
    const TimePoint again = runtime::Reactor::current().now() + kKnock;
    const bool may_come = !application_listens_ && again < std::min(deadline, born_ + kFirstMoment);
    if (!may_come) co_return std::unexpected(from_upstream(std::move(socket.error())));
    co_await runtime::sleep_until(again);
  }
}

namespace {

bool fits(const std::string& protocol, UpstreamCluster::Speaks speaks) {
  switch (speaks) {
    case UpstreamCluster::Speaks::kHttp1:
      return is_http1(protocol);
    case UpstreamCluster::Speaks::kHttp2:
      return is_http2(protocol);
    case UpstreamCluster::Speaks::kEither:
      return is_http1(protocol) || is_http2(protocol);
    case UpstreamCluster::Speaks::kOpaque:
      break;
  }
  return !is_http1(protocol) && !is_http2(protocol);
}

std::vector<std::string> offered_alpn(const std::vector<std::string>& all, UpstreamCluster::Speaks speaks) {
  if (all.empty() && speaks == UpstreamCluster::Speaks::kHttp2) return {"h2"};
  if (all.empty() && speaks == UpstreamCluster::Speaks::kEither) return {"h2", "http/1.1"};
  std::vector<std::string> fitting;
  for (const std::string& protocol : all) {
    if (fits(protocol, speaks)) fitting.push_back(protocol);
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

void UpstreamCluster::record(policy::Host& host, policy::HostOutcome outcome, TimePoint now) {
  if (outlier_) outlier_->record(hosts_, host, outcome, now, context_.random);
}

void UpstreamCluster::sweep(TimePoint now) {
  for (const policy::HostRef& host : hosts_.hosts()) sweep(pool_of(*host), now);
  for (auto at = destinations_.begin(); at != destinations_.end();) {
    Pool& pool = pool_of(*at->second);
    sweep(pool, now);
    const bool is_unused = pool.idle.empty() && pool.shared.empty() && at->second->active_requests == 0;
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
