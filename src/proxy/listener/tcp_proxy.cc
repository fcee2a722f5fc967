// Opaque TCP: one connection to the upstream for one from the client.
#include <utility>

#include "proxy/listener/connection.h"
#include "proxy/listener/tunnel.h"
#include "proxy/rescue.h"
#include "runtime/unless.h"

namespace ripstop::proxy {
namespace {

class TcpConnection final : private Worker::Seat::Observer {
 public:
  TcpConnection(Worker& worker, Worker::Seat& seat, net::Stream& client, ConnectionFacts& facts)
      : worker_(worker),
        seat_(seat),
        client_(client),
        facts_(facts),
        tcp_(std::get<model::TcpProxy>(facts.chain->model->filter)) {}

  runtime::Task<void> serve(std::string received);

 private:
  runtime::Task<net::StreamPtr> connect();
  void end();
  void on_tick() override;
  void note(Trouble trouble) {
    const Rescue what = rescue(trouble);
    record_.add_flag(what.flag);
    record_.details = what.details;
  }

  Worker& worker_;
  Worker::Seat& seat_;
  net::Stream& client_;
  ConnectionFacts& facts_;
  const model::TcpProxy& tcp_;
  RequestRecord record_;
  std::shared_ptr<UpstreamCluster> cluster_;
  ClusterSettingsRef settings_;
  policy::HostRef host_;
  std::shared_ptr<const model::Endpoint> endpoint_;  // the host gets another when its assignment changes
  policy::Breaker::Permit permit_;
  std::string failure_;
  TunnelResult result_;
  uint64_t received_ = 0;  // reported
  uint64_t sent_ = 0;
};

runtime::Task<net::StreamPtr> TcpConnection::connect() {
  cluster_ = worker_.find_cluster(tcp_.clusters[worker_.splits().next(facts_.chain->tcp_split)].cluster);
  if (!cluster_) {
    note(Trouble::kClusterNotFound);
    co_return nullptr;
  }
  settings_ = cluster_->shared_settings();
  record_.cluster = settings_->model.get();
  permit_ = settings_->breaker->acquire(policy::Resource::kConnections);
  if (!permit_) {
    note(Trouble::kOverflow);
    co_return nullptr;
  }
  host_ = cluster_->pick({}, facts_.has_original_destination ? facts_.local : SocketAddress{});
  if (!host_) {
    note(Trouble::kNoHealthyUpstream);
    co_return nullptr;
  }
  endpoint_ = host_->endpoint;
  record_.endpoint = endpoint_.get();
  auto stream = co_await cluster_->open(host_, UpstreamCluster::Speaks::kOpaque, kNever);
  const auto kind = stream ? policy::HostOutcome::Kind::kResponse : policy::HostOutcome::Kind::kFailed;
  cluster_->record(*host_, {.kind = kind, .status = 200}, worker_.reactor().now());
  if (stream) co_return std::move(*stream);
  failure_ = stream.error().message;
  record_.transport_failure = failure_;
  note(stream.error().code == ErrorCode::kTimeout ? Trouble::kConnectTimeout : Trouble::kConnectFailed);
  co_return nullptr;
}

void TcpConnection::on_tick() {
  const uint64_t received = result_.from_client - std::exchange(received_, result_.from_client);
  const uint64_t sent = result_.from_upstream - std::exchange(sent_, result_.from_upstream);
  if (received + sent != 0) worker_.telemetry().on_tcp_bytes(record_, received, sent);
}

void TcpConnection::end() {
  worker_.reactor().refresh_now();
  record_.duration = worker_.reactor().now() - record_.start;
  record_.request_bytes = result_.from_client;
  record_.response_bytes = result_.from_upstream;
  if (result_.timed_out) record_.add_flag(ResponseFlag::kStreamIdleTimeout);
  if (result_.client_failed) record_.add_flag(ResponseFlag::kDownstreamTermination);
  if (result_.upstream_failed) record_.add_flag(ResponseFlag::kUpstreamTermination);
  on_tick();
  if (!tcp_.access_logs.empty()) record_.start_wall = WallClock::now() - record_.duration;
  worker_.telemetry().on_end(record_, tcp_.access_logs);
}

runtime::Task<void> TcpConnection::serve(std::string received) {
  record_.direction = facts_.direction();
  record_.is_tcp = true;
  record_.start = worker_.reactor().now();
  record_.downstream_local = facts_.local;
  record_.downstream_remote = facts_.remote;
  record_.downstream_tls = facts_.tls;
  record_.route_name = tcp_.stat_prefix;
  const net::StreamPtr upstream = co_await connect();
  if (upstream) {
    record_.upstream_local = upstream->local_address();
    const policy::ActiveRequest active(*host_);
    worker_.telemetry().on_tcp_open(record_);
    TunnelOptions options;
    options.early_from_client = received;
    options.idle_timeout = tcp_.idle_timeout.value_or(Duration::zero());
    seat_.observe(this);
    const auto whole = co_await runtime::unless(seat_.cut(), relay(client_, *upstream, options, result_));
    seat_.observe(nullptr);
    if (!whole) {
      record_.connection_termination = "listener_drained";
      client_.reset_on_close();
      upstream->reset_on_close();
    }
  } else {
    client_.reset_on_close();
  }
  end();
}

}  // namespace

runtime::Task<void> serve_tcp(Worker& worker, Worker::Seat& seat, net::StreamPtr stream, ConnectionFacts& facts,
                              std::string received) {
  TcpConnection connection(worker, seat, *stream, facts);
  co_await connection.serve(std::move(received));
}

}  // namespace ripstop::proxy
