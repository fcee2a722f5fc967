#include "control/program.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "control/control_plane.h"
#include "control/folder_follower.h"
#include "control/home.h"
#include "control/ports.h"
#include "net/accept.h"
#include "runtime/reactor.h"
#include "runtime/scope.h"
#include "runtime/wait.h"

namespace ripstop::control {
namespace {

constexpr Duration kGrace = std::chrono::seconds(10);         // for proxies to come back after a start
constexpr Duration kStopPatience = std::chrono::seconds(3);   // for connections to end in order
constexpr Duration kMaintenance = std::chrono::minutes(10);   // of the authority's certificates
constexpr Duration kSearchForDead = std::chrono::seconds(5);  // members that could not deregister
constexpr std::string_view kClusterId = "Kubernetes";         // Istio's default, which dashboards expect

constexpr PortUse kXdsPort = {"xds_port", "--listen", "which proxies connect to"};
constexpr PortUse kApiPort = {"api_port", "--api-listen", "where the API is"};

bool has_died(int64_t process) {
  return process > 0 && ::kill(static_cast<pid_t>(process), 0) != 0 && errno == ESRCH;
}

class Program {
 public:
  explicit Program(const Options& options) : options_(options) {}

  int run();

 private:
  Status start();
  Status open_state();
  Result<std::string> kept_setting(const char* name, std::string first);
  Result<std::string> choose_trust_domain();
  Status open_authority(const std::string& trust_domain);
  Status serve();
  void tell_ready() const;
  runtime::Task<void> publish_roots();
  runtime::Task<void> maintain();
  runtime::Task<void> end_grace();
  runtime::Task<void> remove_dead();
  runtime::Task<void> obey_signals(runtime::Socket signals);

  const Options& options_;
  runtime::Reactor reactor_;
  std::optional<HomeFolder> home_;
  std::optional<Store> store_;
  std::optional<Authority> authority_;
  std::unique_ptr<Catalogue> catalogue_;
  std::string mesh_id_;
  std::optional<runtime::Acceptor> xds_acceptor_;
  std::optional<runtime::Acceptor> api_acceptor_;
  std::optional<ControlPlane> control_plane_;
  std::optional<FolderFollower> folders_;
  runtime::Scope scope_;
  runtime::Scope accepting_;
};

// What was chosen at the first start stays.
Result<std::string> Program::kept_setting(const char* name, std::string first) {
  auto known = store_->setting(name);
  if (!known) return fail_with(known);
  if (*known) return std::move(**known);
  if (Status kept = store_->set_setting(name, first); !kept) return fail_with(kept);
  return first;
}

Result<std::string> Program::choose_trust_domain() {
  const std::string wanted = options_.trust_domain.empty() ? "cluster.local" : options_.trust_domain;
  if (const auto parsed = model::Identity::parse("spiffe://" + wanted + "/ns/x/sa/x"); !parsed) {
    return fail(ErrorCode::kInvalidArgument, "--trust-domain: " + parsed.error().message);
  }
  auto kept = kept_setting("trust_domain", wanted);
  if (!kept || options_.trust_domain.empty() || *kept == wanted) return kept;
  return fail(ErrorCode::kInvalidArgument, "the mesh in this home has the trust domain " + *kept +
                                               ", which cannot be changed; leave --trust-domain out, or choose "
                                               "another home");
}

// The names are those of Istio's secret "cacerts", so that its files can be used as they are.
std::optional<GivenFiles> given_files(const std::string& folder) {
  if (folder.empty()) return std::nullopt;
  GivenFiles files{.certificate = folder + "/ca-cert.pem",
                   .key = folder + "/ca-key.pem",
                   .chain = folder + "/cert-chain.pem",
                   .roots = folder + "/root-cert.pem"};
  if (std::error_code error; !std::filesystem::exists(files.chain, error)) files.chain.clear();
  return files;
}

Status Program::open_authority(const std::string& trust_domain) {
  std::string folder = options_.authority_folder;
  if (!folder.empty()) {
    std::error_code error;
    folder = std::filesystem::absolute(folder, error).lexically_normal().string();
  } else {
    auto known = store_->setting("ca_dir");
    if (!known) return fail_with(known);
    folder = known->value_or("");
  }
  auto authority = Authority::open({.folder = home_->authority(),
                                    .trust_domain = trust_domain,
                                    .mesh_id = mesh_id_,
                                    .default_lifetime = options_.certificate_lifetime,
                                    .max_lifetime = options_.certificate_lifetime,
                                    .given = given_files(folder)},
                                   WallClock::now());
  if (!authority) return fail_with(authority);
  authority_.emplace(std::move(*authority));
  // Only now that it is known to be good.
  return folder.empty() ? Status() : store_->set_setting("ca_dir", folder);
}

Status Program::open_state() {
  auto home = HomeFolder::take(options_.home);
  if (!home) return fail_with(home);
  home_.emplace(std::move(*home));
  auto store = Store::open(home_->database());
  if (!store) return fail_with(store);
  store_.emplace(std::move(*store));
  const auto new_id = random_hex(8);
  if (!new_id) return std::unexpected(new_id.error());
  auto mesh_id = kept_setting("mesh_id", *new_id);
  if (!mesh_id) return fail_with(mesh_id);
  mesh_id_ = std::move(*mesh_id);
  const auto trust_domain = choose_trust_domain();
  if (!trust_domain) return std::unexpected(trust_domain.error());
  if (Status opened = open_authority(*trust_domain); !opened) return opened;

  model::MeshSettings settings;
  settings.trust_domain = *trust_domain;
  settings.cluster_id = kClusterId;
  settings.access_log = options_.access_log != AccessLog::kOff;
  settings.access_log_json = options_.access_log == AccessLog::kJson;
  auto catalogue = Catalogue::open(*store_, settings);
  if (!catalogue) return fail_with(catalogue);
  catalogue_ = std::move(*catalogue);
  return home_->write_roots(authority_->bundle().pem());
}

Status Program::start() {
  if (Status opened = open_state(); !opened) return opened;
  auto xds = listen_as_before(*store_, options_.listen, kXdsPort);
  if (!xds) return fail_with(xds);
  xds_acceptor_.emplace(std::move(*xds));
  auto api = listen_as_before(*store_, options_.api_listen, kApiPort);
  if (!api) return fail_with(api);
  api_acceptor_.emplace(std::move(*api));
  return serve();
}

Status Program::serve() {
  const auto token = home_->token();
  if (!token) return std::unexpected(token.error());
  const auto xds = xds_acceptor_->local_address();
  if (!xds) return std::unexpected(xds.error());
  const auto api = api_acceptor_->local_address();
  if (!api) return std::unexpected(api.error());
  const ControlPlaneOptions options{.api_token = *token,
                                    .xds_address = xds->to_string(),
                                    .mesh_id = mesh_id_,
                                    .cluster_id = std::string(kClusterId),
                                    .pace = {}};
  control_plane_.emplace(MeshState{*store_, *authority_, *catalogue_}, options);
  if (Status tidied = control_plane_->registrar().tidy(WallClock::now()); !tidied) return tidied;
  folders_.emplace(*catalogue_, [this] { control_plane_->ads().on_change(); });
  if (Status followed = folders_->start(options_.config_folders); !followed) return followed;

  accepting_.spawn(net::accept_streams(
      *xds_acceptor_, [this](net::StreamPtr stream) { control_plane_->take_proxy(std::move(stream)); }));
  accepting_.spawn(net::accept_streams(*api_acceptor_,
                                       [this](net::StreamPtr stream) { control_plane_->take_api(std::move(stream)); }));
  scope_.spawn(publish_roots());
  scope_.spawn(maintain());
  scope_.spawn(end_grace());
  scope_.spawn(remove_dead());
  log::info("control", "serving: xDS on " + xds->to_string() + ", API on " + api->to_string());
  return home_->announce({*xds, *api, authority_->trust_domain(), mesh_id_});
}

// Whoever joins from now on must find the roots that are in force.
runtime::Task<void> Program::publish_roots() {
  ChangeFeed::Listener listener(control_plane_->feed());
  std::string published = authority_->bundle().pem();
  while (true) {
    co_await listener.changed().wait();
    listener.changed().clear();
    const std::string present = authority_->bundle().pem();
    if (present == published) continue;
    if (Status written = home_->write_roots(present); !written) {
      log::error("control", written.error().message);
      continue;
    }
    published = present;
  }
}

runtime::Task<void> Program::maintain() {
  while (true) {
    co_await runtime::sleep_for(kMaintenance);
    const auto changed = authority_->maintain(WallClock::now());
    if (!changed) log::error("control.identity", changed.error().message);
    if (changed && *changed) control_plane_->ads().on_change();
  }
}

runtime::Task<void> Program::end_grace() {
  co_await runtime::sleep_for(kGrace);
  control_plane_->ads().end_grace();
}

// A member that was seen dead twice: one that is just starting, or whose proxy is, gets the time for it.
runtime::Task<void> Program::remove_dead() {
  std::set<std::string> seen;
  while (true) {
    co_await runtime::sleep_for(kSearchForDead);
    const std::set<std::string> seen_before = std::exchange(seen, {});
    const auto is_gone = [&](const StoredRegistration& registration) {
      const std::string& id = registration.workload;
      if (control_plane_->ads().is_connected(id) || !has_died(registration.process)) return false;
      seen.insert(id);
      return seen_before.contains(id);
    };
    const auto removed = control_plane_->registrar().remove_gone(is_gone, WallClock::now());
    if (!removed) log::error("control", removed.error().message);
    if (removed && !removed->empty()) control_plane_->ads().on_change();
  }
}

runtime::Task<void> Program::obey_signals(runtime::Socket signals) {
  signalfd_siginfo received{};
  while (true) {
    const auto got = signals.try_read({reinterpret_cast<char*>(&received), sizeof received});
    if (got.state == runtime::Transfer::State::kDone) break;
    co_await signals.readable().wait();
  }
  log::info("control", "stopping");
  home_->withdraw();
  accepting_.cancel();
  co_await control_plane_->stop(reactor_.now() + kStopPatience);
  reactor_.stop();
}

void Program::tell_ready() const {
  if (options_.ready_fd < 0) return;
  if (::write(options_.ready_fd, "R", 1) != 1) log::warning("control", "nobody reads --ready-fd");
  ::close(options_.ready_fd);
}

int Program::run() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  auto socket = runtime::Socket::adopt(runtime::FileDescriptor(::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC)));
  const Status started = socket ? start() : fail_with(socket);
  if (!started) {
    std::fprintf(stderr, "ripstop-control: %s\n", started.error().message.c_str());
    return 1;
  }
  scope_.spawn(obey_signals(std::move(*socket)));
  tell_ready();
  reactor_.run();
  return 0;
}

}  // namespace

int run_control_plane(const Options& options) {
  return Program(options).run();
}

}  // namespace ripstop::control
