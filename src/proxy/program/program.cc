#include "proxy/program/program.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <optional>
#include <thread>
#include <utility>

#include "base/log.h"
#include "net/resolver.h"
#include "proxy/admin/admin.h"
#include "proxy/config/config_store.h"
#include "proxy/config/dns_clusters.h"
#include "proxy/config/node_labels.h"
#include "proxy/dns/dns_server.h"
#include "proxy/health/health_checks.h"
#include "proxy/listener/listener_sockets.h"
#include "proxy/program/control_plane_link.h"
#include "proxy/program/descriptors.h"
#include "proxy/telemetry/metrics.h"
#include "proxy/worker/fleet.h"
#include "runtime/memory/start_memory.h"
#include "runtime/scope.h"
#include "runtime/wait.h"

namespace ripstop::proxy {
namespace {

constexpr Duration kLogFlushInterval = std::chrono::seconds(1);

size_t choose_concurrency(size_t asked) {
  if (asked != 0) return asked;
  return std::clamp<size_t>(std::thread::hardware_concurrency(), 1, 2);
}

}  // namespace

class Program::Parts {
 public:
  Parts(Options options, xds::Bootstrap bootstrap)
      : options_(std::move(options)), bootstrap_(std::move(bootstrap)), random_(random_seed()) {}

  int run();

 private:
  Status start();
  Status start_workers();
  Status load_static();
  Status start_dns();
  Status start_admin();
  void follow_changes();
  void follow_health();
  runtime::Task<void> wait_for_first_checks();
  void open_sockets();
  void drain();
  runtime::Task<void> obey_signals(runtime::Socket signals);
  runtime::Task<void> become_ready();
  runtime::Task<void> drain_workers(bool inbound_only, TimePoint deadline);
  runtime::Task<void> drain_and_stop();
  runtime::Task<void> flush_logs_now_and_then();
  [[nodiscard]] model::PeerLabels own_labels() const;

  Options options_;
  xds::Bootstrap bootstrap_;
  Random random_;
  runtime::Reactor reactor_;
  SecretStore secrets_;
  telemetry::MetricsRegistry metrics_;
  std::unique_ptr<Fleet> fleet_;
  std::optional<ListenerSockets> sockets_;
  std::unique_ptr<ConfigStore> store_;
  std::unique_ptr<net::Resolver> resolver_;
  std::unique_ptr<DnsClusters> dns_clusters_;
  std::unique_ptr<ApplicationDialer> dialer_;  // of this thread
  std::unique_ptr<HealthChecks> health_;       // null until a cluster asks for checks
  std::optional<ControlPlaneLink> link_;
  std::unique_ptr<dns::DnsServer> dns_;
  std::unique_ptr<admin::Admin> admin_;
  bool is_ready_ = false;
  bool is_draining_ = false;
  bool follows_later_ = false;
  runtime::Event changed_;
  runtime::Scope scope_;  // last: its tasks use the rest
};

model::PeerLabels Program::Parts::own_labels() const {
  model::PeerLabels own = labels_of_node(bootstrap_.node.message);
  own.principal = options_.spiffe_id;
  return own;
}

Status Program::Parts::start_workers() {
  std::vector<runtime::FileDescriptor> inherited;
  for (const int fd : options_.listen_fds) inherited.emplace_back(fd);
  auto sockets = ListenerSockets::adopt(std::move(inherited));
  if (!sockets) return fail_with(sockets);
  sockets_.emplace(std::move(*sockets));

  const model::PeerLabels own = own_labels();
  const size_t workers = choose_concurrency(options_.concurrency);
  const size_t descriptors = raise_descriptor_limit();
  const size_t most = options_.max_connections != 0 ? options_.max_connections : most_connections(descriptors);
  auto fleet = Fleet::start(workers, [&](size_t) -> Result<Worker::Parts> {
    auto dialer = ApplicationDialer::open(options_.broker_fd);
    if (!dialer) return fail_with(dialer);
    Worker::Parts parts;
    parts.dialer = std::move(*dialer);
    parts.telemetry = metrics_.make_worker(own);
    parts.seed = random_.next();
    parts.own_labels = own;
    parts.drain_time = options_.drain_time;
    parts.most_connections = std::max<size_t>(most / workers, 1);
    return parts;
  });
  if (!fleet) return fail_with(fleet);
  fleet_ = std::move(*fleet);
  store_ = std::make_unique<ConfigStore>(secrets_, [this](std::shared_ptr<const SettingsDelta> delta) {
    if (!delta->is_empty()) fleet_->post_all([delta](Worker& worker) { worker.apply(*delta); });
    for (const std::string& name : delta->removed_listeners) sockets_->close(name);
    follow_changes();
  });
  return {};
}

Status Program::Parts::load_static() {
  for (model::Secret& secret : bootstrap_.secrets) {
    if (Status set = secrets_.set(secret); !set) return set;
  }
  bootstrap_.secrets = {};
  // The store keeps them from now on; the stream has still to find its own cluster.
  const std::string of_stream = bootstrap_.ads ? bootstrap_.ads->cluster : std::string();
  std::vector<model::Cluster> kept;
  for (model::Cluster& cluster : bootstrap_.clusters) {
    if (cluster.name == of_stream) kept.push_back(cluster);
    if (Status added = store_->add_cluster(std::move(cluster)); !added) return added;
  }
  bootstrap_.clusters = std::move(kept);
  for (model::Listener& listener : std::exchange(bootstrap_.listeners, {})) {
    if (Status added = store_->add_listener(std::move(listener)); !added) return added;
  }
  return {};
}

// Published changes may come in the middle of one another, so what follows from them waits for the end of the turn.
void Program::Parts::follow_changes() {
  if (std::exchange(follows_later_, true)) return;
  reactor_.defer([this] {
    follows_later_ = false;
    open_sockets();
    if (dns_clusters_) dns_clusters_->follow(store_->latest_clusters());
    follow_health();
    changed_.set();
  });
}

void Program::Parts::follow_health() {
  const auto asks = [](const auto& item) { return item.second->model->health_check.has_value(); };
  if (!health_ && !std::ranges::any_of(store_->clusters(), asks)) return;
  if (!health_) {
    auto dialer = ApplicationDialer::open(options_.broker_fd);
    if (!dialer) return log::error("proxy.health", dialer.error().message);
    dialer_ = std::move(*dialer);
    health_ = std::make_unique<HealthChecks>(
        UpstreamCluster::Context{random_, *dialer_}, [this](const std::string& cluster, const auto& passing) {
          fleet_->post_all([cluster, passing](Worker& worker) { worker.apply(cluster, passing); });
        });
  }
  health_->follow(store_->clusters(), store_->assignments());
}

// Until then every host of theirs counts as failing.
runtime::Task<void> Program::Parts::wait_for_first_checks() {
  follow_health();
  const TimePoint deadline = reactor_.now() + ControlPlaneLink::kFetchTimeout;
  while (health_ && !health_->is_settled()) {
    health_->progress().clear();
    if (!co_await health_->progress().wait(deadline)) co_return;
  }
}

void Program::Parts::open_sockets() {
  for (const auto& [name, listener] : store_->listeners()) {
    if (Status opened = sockets_->open(*listener->model, *fleet_); !opened) {
      log::error("proxy.listener", opened.error().message);
    }
  }
}

Status Program::Parts::start_dns() {
  auto resolver = net::Resolver::make();
  if (!resolver) return fail_with(resolver);
  resolver_ = std::move(*resolver);
  dns_clusters_ = std::make_unique<DnsClusters>(
      [this](std::string name, TimePoint deadline) {
        return resolver_->resolve(std::move(name), net::AddressFamily::kBoth, deadline);
      },
      *store_);
  if (options_.dns_fds.empty()) return {};
  std::vector<runtime::FileDescriptor> sockets;
  for (const int fd : options_.dns_fds) sockets.emplace_back(fd);
  auto server = dns::DnsServer::make(std::move(sockets), dns::DnsServer::Options{}, random_);
  if (!server) return fail_with(server);
  dns_ = std::move(*server);
  store_->on_names([this] { dns_->set_names(store_->names()); });
  return {};
}

Status Program::Parts::start_admin() {
  if (!bootstrap_.admin) return {};
  runtime::FileDescriptor socket = sockets_->take_inherited(*bootstrap_.admin);
  if (!socket.is_valid()) {
    auto opened = runtime::open_listener({*bootstrap_.admin, {}});
    if (!opened) return fail(opened.error().code, "admin: " + opened.error().message);
    socket = std::move(*opened);
  }
  admin::AdminContext context{.fleet = *fleet_, .store = *store_, .secrets = secrets_, .metrics = metrics_};
  context.node = &bootstrap_.node;
  context.is_ready = [this] { return is_ready_ && !is_draining_; };
  context.state = [this] { return std::string(is_draining_ ? "DRAINING" : is_ready_ ? "LIVE" : "INITIALIZING"); };
  context.drain = [this](bool inbound_only) {
    fleet_->post_all([inbound_only](Worker& worker) { worker.drain(inbound_only); });
  };
  context.quit = [this] { drain(); };
  context.health_figures = [this] {
    return health_ ? health_->figures() : std::map<std::string_view, HealthChecks::Figures>();
  };
  auto made = admin::Admin::make(std::move(socket), std::move(context));
  if (!made) return fail_with(made);
  admin_ = std::move(*made);
  return {};
}

Status Program::Parts::start() {
  if (Status step = start_workers(); !step) return step;
  if (Status step = start_admin(); !step) return step;
  if (Status step = start_dns(); !step) return step;
  link_.emplace(ControlPlaneLink::Context{.options = options_,
                                          .bootstrap = bootstrap_,
                                          .secrets = secrets_,
                                          .store = *store_,
                                          .random = random_,
                                          .changed = changed_});
  if (Status step = link_->ask_for_identity(); !step) return step;
  if (Status step = load_static(); !step) return step;
  return link_->prepare_stream();
}

runtime::Task<void> Program::Parts::become_ready() {
  if (co_await link_->follow()) {
    // The first thing an application does is to look up a name.
    const TimePoint deadline = reactor_.now() + ControlPlaneLink::kFetchTimeout;
    for (bool in_time = true; dns_ && !store_->names() && in_time;) {
      changed_.clear();
      in_time = co_await changed_.wait(deadline);
    }
  }
  co_await wait_for_first_checks();
  // The workers have applied what was posted before this.
  std::function<int(Worker&)> nothing = [](Worker&) { return 0; };
  co_await fleet_->gather(std::move(nothing));
  is_ready_ = true;
  log::info("proxy", "serving");
  // What reading the configuration took is not needed again.
  runtime::release_start_memory();
  if (options_.ready_fd >= 0) {
    static_cast<void>(!write(options_.ready_fd, "R", 1));
    close(std::exchange(options_.ready_fd, -1));
  }
}

// Drains every worker and waits until each has said that its last connection is gone, or for the deadline.
runtime::Task<void> Program::Parts::drain_workers(bool inbound_only, TimePoint deadline) {
  auto waiting = std::make_shared<size_t>(fleet_->size());
  auto all_gone = std::make_shared<runtime::Event>();
  runtime::Reactor* home = &reactor_;
  const std::function<void()> one_gone = [waiting, all_gone, home] {
    home->post([waiting, all_gone] {
      if (--*waiting == 0) all_gone->set();
    });
  };
  fleet_->post_all([inbound_only, deadline, one_gone](Worker& worker) {
    worker.drain(inbound_only);
    inbound_only ? worker.when_inbound_empty(deadline, one_gone) : worker.when_empty(deadline, one_gone);
  });
  co_await all_gone->wait(deadline);
}

// The end of its stream takes the workload out of the mesh's endpoints. Then inbound first, for what is under way there
// may need others; a program that only ever asks others must not use up the time of both.
runtime::Task<void> Program::Parts::drain_and_stop() {
  const TimePoint begin = reactor_.now();
  link_->leave();
  co_await drain_workers(true, begin + options_.drain_time / 2);
  co_await drain_workers(false, begin + options_.drain_time);
  reactor_.stop();
}

runtime::Task<void> Program::Parts::flush_logs_now_and_then() {
  for (;;) {
    co_await runtime::sleep_for(kLogFlushInterval);
    metrics_.flush_logs();
  }
}

void Program::Parts::drain() {
  if (std::exchange(is_draining_, true)) return;
  log::info("proxy", "draining");
  scope_.spawn(drain_and_stop());
}

runtime::Task<void> Program::Parts::obey_signals(runtime::Socket signals) {
  for (;;) {
    signalfd_siginfo info{};
    const auto got = signals.try_read({reinterpret_cast<char*>(&info), sizeof info});
    if (got.state == runtime::Transfer::State::kWouldBlock) {
      co_await signals.readable().wait();
      continue;
    }
    if (got.state != runtime::Transfer::State::kDone) co_return;
    if (info.ssi_signo == SIGUSR1) {
      metrics_.reopen_logs();
    } else if (is_draining_) {
      reactor_.stop();  // asked twice: at once
    } else {
      drain();
    }
  }
}

int Program::Parts::run() {
  // Blocked in every thread that is started from here on, and read from a descriptor.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGUSR1}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  auto signal_socket =
      runtime::Socket::adopt(runtime::FileDescriptor(signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC)));
  Status started = signal_socket ? start() : fail_with(signal_socket);
  if (!started) {
    log::error("proxy", started.error().message);
    return 1;
  }
  scope_.spawn(obey_signals(std::move(*signal_socket)));
  scope_.spawn(become_ready());
  scope_.spawn(flush_logs_now_and_then());
  reactor_.run();
  scope_.cancel();
  link_.reset();
  health_.reset();
  fleet_.reset();
  metrics_.flush_logs();
  return 0;
}

Program::Program(Options options, xds::Bootstrap bootstrap)
    : parts_(std::make_unique<Parts>(std::move(options), std::move(bootstrap))) {}
Program::~Program() = default;

int Program::run() {
  return parts_->run();
}

}  // namespace ripstop::proxy
