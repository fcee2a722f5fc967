#include "control/program.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <optional>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "control/api/api.h"
#include "control/api/json.h"
#include "control/home.h"
#include "control/identity/authority.h"
#include "control/intake/catalogue.h"
#include "control/intake/directory_watch.h"
#include "control/push/ads_service.h"
#include "control/push/certificate_service.h"
#include "net/accept.h"
#include "net/grpc_server.h"
#include "net/http_server.h"
#include "net/tls_context.h"
#include "runtime/reactor.h"
#include "runtime/scope.h"
#include "runtime/wait.h"

namespace ripstop::control {
namespace {

constexpr std::chrono::seconds kOwnLifetime = std::chrono::hours(24);
constexpr Duration kMaintenanceInterval = std::chrono::minutes(10);
constexpr Duration kGrace = std::chrono::seconds(10);
constexpr Duration kPruneInterval = std::chrono::seconds(30);
constexpr Duration kHandshakeTimeout = std::chrono::seconds(10);
constexpr std::string_view kClusterId = "Kubernetes";  // Istio's default, so that dashboards find what they expect

bool is_process_gone(int pid) {
  return pid > 0 && kill(pid, 0) != 0 && errno == ESRCH;
}

class Program {
 public:
  explicit Program(const Options& options) : options_(options) {}

  int run();

 private:
  Status start();
  Status open_state();
  Status open_sockets();
  Result<runtime::Acceptor> listen(const std::optional<SocketAddress>& asked, const char* setting);
  Status renew_own_certificate();
  Status watch_folder();
  void follow_changes();
  runtime::Task<net::HttpReply> answer(const net::HttpRequest& request);
  runtime::Task<void> serve_secured(net::StreamPtr plain);
  runtime::Task<void> maintain();
  runtime::Task<void> end_grace();
  runtime::Task<void> prune();
  runtime::Task<void> follow_folder(runtime::Socket watched);
  runtime::Task<void> obey_signals(runtime::Socket signals);

  const Options& options_;
  runtime::Reactor reactor_;
  std::optional<HomeFolder> home_;
  std::optional<Store> store_;
  std::optional<Authority> authority_;
  std::unique_ptr<Catalogue> catalogue_;
  std::optional<DirectoryWatch> folder_;
  std::unique_ptr<AdsService> ads_;
  std::unique_ptr<CertificateService> certificates_;
  std::unique_ptr<Api> api_;
  std::shared_ptr<const net::TlsContext> tls_;
  std::string mesh_id_;
  std::optional<runtime::Acceptor> xds_acceptor_;
  std::optional<runtime::Acceptor> api_acceptor_;
  net::GrpcServer grpc_;
  std::unique_ptr<net::HttpServer> http_;
  runtime::Scope connections_;
  runtime::Scope scope_;
};

Status Program::open_state() {
  auto home = HomeFolder::take(options_.home);
  if (!home) return fail_with(home);
  home_.emplace(std::move(*home));
  auto store = Store::open(home_->database());
  if (!store) return fail_with(store);
  store_.emplace(std::move(*store));
  auto mesh_id = store_->setting("mesh_id");
  if (!mesh_id) return fail_with(mesh_id);
  mesh_id_ = mesh_id->value_or(random_hex(8));
  if (Status set = store_->set_setting("mesh_id", mesh_id_); !set) return set;

  AuthorityOptions authority;
  authority.folder = home_->authority();
  authority.trust_domain = options_.trust_domain;
  authority.mesh_id = mesh_id_;
  authority.default_lifetime = options_.certificate_lifetime;
  auto opened = Authority::open(std::move(authority), WallClock::now());
  if (!opened) return fail_with(opened);
  authority_.emplace(std::move(*opened));

  model::MeshSettings settings;
  settings.trust_domain = options_.trust_domain;
  settings.cluster_id = kClusterId;
  auto catalogue = Catalogue::open(*store_, settings);
  if (!catalogue) return fail_with(catalogue);
  catalogue_ = std::move(*catalogue);
  return {};
}

// Proxies come back to the address they know, so ports are kept over restarts.
Result<runtime::Acceptor> Program::listen(const std::optional<SocketAddress>& asked, const char* setting) {
  if (asked) return runtime::Acceptor::listen({*asked, {}});
  auto remembered = store_->setting(setting);
  if (!remembered) return fail_with(remembered);
  SocketAddress address{IpAddress::loopback_v4(), 0};
  if (*remembered) address.port = parse_number<uint16_t>(**remembered).value_or(0);
  auto acceptor = runtime::Acceptor::listen({address, {}});
  if (!acceptor) return fail_with(acceptor);
  const auto local = acceptor->local_address();
  if (!local) return std::unexpected(local.error());
  if (Status set = store_->set_setting(setting, std::to_string(local->port)); !set) return fail_with(set);
  return acceptor;
}

Status Program::open_sockets() {
  auto xds = listen(options_.listen, "xds_port");
  if (!xds) return fail_with(xds);
  xds_acceptor_.emplace(std::move(*xds));
  auto api = listen(options_.api_listen, "api_port");
  if (!api) return fail_with(api);
  api_acceptor_.emplace(std::move(*api));
  return {};
}

Status Program::renew_own_certificate() {
  auto key = net::TlsKey::generate();
  if (!key) return fail_with(key);
  const model::Identity own{options_.trust_domain, "ripstop-system", "ripstop-control"};
  auto request = (*key)->certificate_request(own.to_string());
  if (!request) return fail_with(request);
  Authority::Request wanted;
  wanted.csr_pem = *request;
  wanted.identity = own;
  wanted.lifetime = kOwnLifetime;
  auto issued = authority_->sign(wanted, WallClock::now());
  if (!issued) return fail_with(issued);
  net::TlsOptions tls;
  tls.certificate_chain_pem = issued->chain_pem;
  tls.key = *key;
  tls.trusted_roots_pem = authority_->bundle().pem();
  tls.require_peer_certificate = false;
  tls.alpn = {"h2"};
  auto context = net::TlsContext::make_server(tls);
  if (!context) return fail_with(context);
  tls_ = std::move(*context);
  return home_->write_roots(authority_->bundle().pem());
}

void Program::follow_changes() {
  ads_->on_change();
  api_->on_change();
}

Status Program::start() {
  if (Status step = open_state(); !step) return step;
  if (Status step = renew_own_certificate(); !step) return step;
  if (Status step = open_sockets(); !step) return step;
  auto token = home_->token();
  if (!token) return fail_with(token);
  const SocketAddress xds = xds_acceptor_->local_address().value_or(SocketAddress{});
  const SocketAddress api = api_acceptor_->local_address().value_or(SocketAddress{});

  ads_ = std::make_unique<AdsService>(*catalogue_, *authority_);
  ads_->add_to(grpc_);
  certificates_ = std::make_unique<CertificateService>(*store_, *authority_, options_.certificate_lifetime);
  certificates_->add_to(grpc_);
  api_ = std::make_unique<Api>(ApiContext{*store_, *catalogue_, *authority_, *ads_, std::move(*token), xds.to_string(),
                                          mesh_id_, std::string(kClusterId)});
  http_ = std::make_unique<net::HttpServer>([this](const net::HttpRequest& request) { return answer(request); });
  if (Status step = watch_folder(); !step) return step;
  scope_.spawn(net::accept_streams(
      *xds_acceptor_, [this](net::StreamPtr stream) { connections_.spawn(serve_secured(std::move(stream))); }));
  scope_.spawn(net::accept_streams(*api_acceptor_, [this](net::StreamPtr stream) { http_->take(std::move(stream)); }));
  scope_.spawn(maintain());
  scope_.spawn(end_grace());
  scope_.spawn(prune());
  return home_->announce({xds, api, options_.trust_domain, mesh_id_});
}

// Whatever a request has changed is pushed and shown to watchers.
runtime::Task<net::HttpReply> Program::answer(const net::HttpRequest& request) {
  const uint64_t before = store_->revision();
  net::HttpReply reply = co_await api_->answer(request);
  if (store_->revision() != before) follow_changes();
  co_return reply;
}

runtime::Task<void> Program::serve_secured(net::StreamPtr plain) {
  const SocketAddress peer = plain->peer_address();
  auto secured = co_await net::accept_tls(std::move(plain), tls_, {}, nullptr, reactor_.now() + kHandshakeTimeout);
  if (!secured) {
    log::debug("control.push", peer.to_string() + ": " + secured.error().message);
    co_return;
  }
  co_await grpc_.serve(std::move(*secured));
}

runtime::Task<void> Program::maintain() {
  for (;;) {
    co_await runtime::sleep_for(kMaintenanceInterval);
    const auto changed = authority_->maintain(WallClock::now());
    if (!changed) log::error("control.identity", changed.error().message);
    if (Status renewed = renew_own_certificate(); !renewed) log::error("control.identity", renewed.error().message);
    if (changed && *changed) ads_->on_change();
  }
}

runtime::Task<void> Program::end_grace() {
  co_await runtime::sleep_for(kGrace);
  ads_->end_grace();
}

// Members whose `ripstop run` was killed could not deregister.
runtime::Task<void> Program::prune() {
  for (;;) {
    co_await runtime::sleep_for(kPruneInterval);
    std::vector<std::string> gone;
    for (const auto& [id, workload] : catalogue_->workloads()) {
      const auto label = workload.labels.find(std::string(kProcessLabel));
      const int pid = label == workload.labels.end() ? 0 : parse_number<int>(label->second).value_or(0);
      if (!ads_->is_connected(id) && is_process_gone(pid)) gone.push_back(id);
    }
    for (const std::string& id : gone) {
      if (Status removed = catalogue_->remove_workload(id, WallClock::now()); removed) {
        log::info("control", id + " is gone and was removed");
      }
    }
    if (!gone.empty()) follow_changes();
  }
}

Status Program::watch_folder() {
  if (options_.config_folder.empty()) return {};
  auto watch = DirectoryWatch::open(options_.config_folder);
  if (!watch) return fail_with(watch);
  folder_.emplace(std::move(*watch));
  auto watched = runtime::Socket::adopt(runtime::FileDescriptor(dup(folder_->fd())));
  if (!watched) return fail_with(watched);
  scope_.spawn(follow_folder(std::move(*watched)));
  return {};
}

runtime::Task<void> Program::follow_folder(runtime::Socket watched) {
  for (;;) {
    watched.readable().clear();
    auto content = folder_->drain(reactor_.now());
    if (!content) log::error("control.intake", content.error().message);
    if (content && *content) {
      auto verdict = catalogue_->follow(**content, WallClock::now());
      if (!verdict) log::error("control.intake", verdict.error().message);
      if (verdict && !verdict->is_accepted) log::warning("control.intake", "the folder holds errors: ripstop status");
      follow_changes();
      continue;
    }
    co_await watched.readable().wait();
  }
}

runtime::Task<void> Program::obey_signals(runtime::Socket signals) {
  signalfd_siginfo info{};
  while (signals.try_read({reinterpret_cast<char*>(&info), sizeof info}).state != runtime::Transfer::State::kDone) {
    co_await signals.readable().wait();
  }
  log::info("control", "stopping");
  ads_->stop();
  reactor_.stop();
}

int Program::run() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  auto signal_socket =
      runtime::Socket::adopt(runtime::FileDescriptor(signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC)));
  const Status started = signal_socket ? start() : fail_with(signal_socket);
  if (!started) {
    std::fprintf(stderr, "ripstop-control: %s\n", started.error().message.c_str());
    return 1;
  }
  scope_.spawn(obey_signals(std::move(*signal_socket)));
  log::info("control", "serving; xDS on " + xds_acceptor_->local_address()->to_string() + ", API on " +
                           api_acceptor_->local_address()->to_string());
  if (options_.ready_fd >= 0) {
    static_cast<void>(!write(options_.ready_fd, "R", 1));
    close(options_.ready_fd);
  }
  reactor_.run();
  home_->withdraw();
  connections_.cancel();
  scope_.cancel();
  return 0;
}

}  // namespace

int run_control_plane(const Options& options) {
  return Program(options).run();
}

}  // namespace ripstop::control
