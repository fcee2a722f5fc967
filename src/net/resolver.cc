#include "net/resolver.h"

#include <ares.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "runtime/event.h"
#include "runtime/poller.h"
#include "runtime/reactor.h"
#include "runtime/socket_address.h"
#include "runtime/timer.h"

namespace ripstop::net {
namespace {

constexpr size_t kLongestName = 253;
// Of one answer; DNS over TCP could carry thousands.
constexpr size_t kMostAddresses = 256;

struct Query {
  std::string name;
  size_t* pending;
  runtime::Event done;
  Result<Resolution> result = fail(ErrorCode::kInternal, "the lookup has not run");
};

bool is_ready(int fd, short events) {
  pollfd state{fd, events, 0};
  return ::poll(&state, 1, 0) > 0 && (state.revents & (events | POLLERR | POLLHUP)) != 0;
}

std::unexpected<Error> failed(int status, const std::string& name) {
  ErrorCode code = ErrorCode::kUnavailable;
  if (status == ARES_ENOTFOUND || status == ARES_ENODATA) code = ErrorCode::kNotFound;
  if (status == ARES_EBADNAME) code = ErrorCode::kInvalidArgument;
  if (status == ARES_ETIMEOUT) code = ErrorCode::kTimeout;
  if (status == ARES_ECANCELLED || status == ARES_EDESTRUCTION) code = ErrorCode::kCancelled;
  return fail(code, "cannot resolve " + name + ": " + ares_strerror(status));
}

Result<Resolution> read_answer(const ares_addrinfo& answer, const std::string& name) {
  Resolution resolution;
  int shortest = INT32_MAX;
  for (const ares_addrinfo_node* node = answer.nodes; node != nullptr; node = node->ai_next) {
    runtime::KernelAddress address;
    const auto size = std::min<size_t>(node->ai_addrlen, sizeof address.storage);
    std::copy_n(reinterpret_cast<const char*>(node->ai_addr), size, reinterpret_cast<char*>(&address.storage));
    const auto parsed = runtime::from_kernel(address);
    if (!parsed || resolution.addresses.size() == kMostAddresses) continue;
    resolution.addresses.push_back(parsed->ip);
    shortest = std::min(shortest, node->ai_ttl);
  }
  if (resolution.addresses.empty()) return failed(ARES_ENODATA, name);
  for (const ares_addrinfo_cname* alias = answer.cnames; alias != nullptr; alias = alias->next) {
    shortest = std::min(shortest, alias->ttl);
  }
  resolution.time_to_live = std::chrono::seconds(std::max(0, shortest));
  return resolution;
}

// Called by c-ares, possibly inside getaddrinfo; the waiter is resumed in a later turn, for it may destroy the
// resolver.
void on_answer(void* argument, int status, int, ares_addrinfo* answer) {
  const std::unique_ptr<std::shared_ptr<Query>> holder(static_cast<std::shared_ptr<Query>*>(argument));
  Query& query = **holder;
  --*query.pending;
  query.result =
      status == ARES_SUCCESS && answer != nullptr ? read_answer(*answer, query.name) : failed(status, query.name);
  if (answer != nullptr) ares_freeaddrinfo(answer);
  runtime::Reactor::current().defer([query = *holder] { query->done.set(); });
}

}  // namespace

// c-ares' channel with its sockets and its clock on the reactor.
class Resolver::Channel final : private runtime::Timer {
 public:
  Channel() : reactor_(runtime::Reactor::current()) {}
  ~Channel() override {
    disarm();
    if (channel_ != nullptr) ares_destroy(channel_);
  }

  Status open(const ResolverOptions& options);
  void start(const std::shared_ptr<Query>& query, AddressFamily family);
  [[nodiscard]] size_t pending() const { return pending_; }

 private:
  struct Watch;
  Status use_servers(const std::vector<SocketAddress>& servers);
  static void on_socket(void* channel, ares_socket_t fd, int readable, int writable);
  void process(Watch& watch, bool is_readable);
  void arm_clock();
  void on_timer() override {
    ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    arm_clock();
  }

  runtime::Reactor& reactor_;
  ares_channel channel_ = nullptr;
  size_t pending_ = 0;
  std::map<int, std::shared_ptr<Watch>> watches_;
};

// One socket of c-ares. Kept by whoever processes it, because c-ares may close it meanwhile.
struct Resolver::Channel::Watch : std::enable_shared_from_this<Watch> {
  struct Side final : runtime::Event::Waiter {
    Side(Watch& of, runtime::Event& on, bool reads) : watch(of), event(on), is_readable(reads) {}
    void on_event() override {
      const std::shared_ptr<Watch> kept = watch.shared_from_this();
      event.clear();
      watch.channel.process(watch, is_readable);
      if (watch.is_open) enter(event);
    }
    using runtime::Event::Waiter::enter;
    using runtime::Event::Waiter::leave;
    Watch& watch;
    runtime::Event& event;
    bool is_readable;
  };

  Watch(Channel& of, int socket) : channel(of), fd(socket) {
    source.readable.clear();
    source.writable.clear();
    readable.enter(source.readable);
    writable.enter(source.writable);
  }
  void set_wants_write(bool wants);

  Channel& channel;
  int fd;
  bool is_open = true;
  bool wants_write = false;
  runtime::IoSource source;
  Side readable{*this, source.readable, true};
  Side writable{*this, source.writable, false};
};

void Resolver::Channel::Watch::set_wants_write(bool wants) {
  wants_write = wants;
  if (wants && !source.watches_writable) channel.reactor_.poller().watch_writable(fd, source);
}

Status Resolver::Channel::open(const ResolverOptions& options) {
  static std::once_flag once;
  std::call_once(once, [] { ares_library_init(ARES_LIB_INIT_ALL); });
  ares_options settings{};
  settings.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_STAYOPEN;
  settings.timeout = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(options.first_timeout).count());
  settings.tries = options.attempts;
  settings.ndots = 1;
  std::string lookups = options.use_hosts_file ? "fb" : "b";
  settings.lookups = lookups.data();
  settings.sock_state_cb = on_socket;
  settings.sock_state_cb_data = this;
  const int mask =
      ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB;
  if (const int status = ares_init_options(&channel_, &settings, mask); status != ARES_SUCCESS) {
    channel_ = nullptr;
    return fail(ErrorCode::kInternal, std::string("cannot start the resolver: ") + ares_strerror(status));
  }
  return options.servers.empty() ? Status{} : use_servers(options.servers);
}

Status Resolver::Channel::use_servers(const std::vector<SocketAddress>& servers) {
  std::vector<ares_addr_port_node> nodes(servers.size());
  for (size_t i = 0; i < servers.size(); ++i) {
    ares_addr_port_node& node = nodes[i];
    node.next = i + 1 < nodes.size() ? &nodes[i + 1] : nullptr;
    node.family = servers[i].ip.is_v4() ? AF_INET : AF_INET6;
    std::ranges::copy(servers[i].ip.bytes(), reinterpret_cast<char*>(&node.addr));
    node.udp_port = node.tcp_port = servers[i].port;
  }
  const int status = ares_set_servers_ports(channel_, nodes.data());
  if (status == ARES_SUCCESS) return {};
  return fail(ErrorCode::kInvalidArgument, std::string("cannot use these name servers: ") + ares_strerror(status));
}

void Resolver::Channel::start(const std::shared_ptr<Query>& query, AddressFamily family) {
  query->pending = &pending_;
  ++pending_;
  ares_addrinfo_hints hints{};
  hints.ai_flags = ARES_AI_NOSORT;
  hints.ai_family = family == AddressFamily::kV4 ? AF_INET : family == AddressFamily::kV6 ? AF_INET6 : AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  auto* const holder = new std::shared_ptr<Query>(query);  // on_answer deletes it; c-ares calls it exactly once
  ares_getaddrinfo(channel_, query->name.c_str(), nullptr, &hints, on_answer, holder);
  arm_clock();
}

void Resolver::Channel::on_socket(void* channel, ares_socket_t fd, int readable, int writable) {
  auto& self = *static_cast<Channel*>(channel);
  const auto found = self.watches_.find(fd);
  if (readable == 0 && writable == 0) {
    if (found == self.watches_.end()) return;
    const std::shared_ptr<Watch> watch = std::move(found->second);
    self.watches_.erase(found);
    self.reactor_.poller().remove(fd, watch->source);
    watch->is_open = false;
    watch->readable.leave();
    watch->writable.leave();
    return;
  }
  if (found != self.watches_.end()) {
    found->second->set_wants_write(writable != 0);
    return;
  }
  auto watch = std::make_shared<Watch>(self, fd);
  // Failing to register costs the query its time-out, after which another server is asked.
  if (!self.reactor_.poller().add(fd, watch->source)) return;
  watch->set_wants_write(writable != 0);
  self.watches_.emplace(fd, std::move(watch));
}

// The reactor reports edges and c-ares may leave bytes behind, so this goes on while something is there.
void Resolver::Channel::process(Watch& watch, bool is_readable) {
  do {
    const int fd = watch.fd;
    ares_process_fd(channel_, is_readable ? fd : ARES_SOCKET_BAD, is_readable ? ARES_SOCKET_BAD : fd);
  } while (watch.is_open &&
           (is_readable ? is_ready(watch.fd, POLLIN) : watch.wants_write && is_ready(watch.fd, POLLOUT)));
  arm_clock();
}

void Resolver::Channel::arm_clock() {
  timeval wait{};
  if (ares_timeout(channel_, nullptr, &wait) == nullptr) return disarm();
  arm(reactor_.timers(), Clock::now() + std::chrono::seconds(wait.tv_sec) + std::chrono::microseconds(wait.tv_usec));
}

Resolver::Resolver(std::unique_ptr<Channel> channel) : channel_(std::move(channel)) {}
Resolver::~Resolver() = default;

Result<std::unique_ptr<Resolver>> Resolver::make(const ResolverOptions& options) {
  auto channel = std::make_unique<Channel>();
  if (Status opened = channel->open(options); !opened) return fail_with(opened);
  return std::unique_ptr<Resolver>(new Resolver(std::move(channel)));
}

size_t Resolver::pending() const {
  return channel_->pending();
}

runtime::Task<Result<Resolution>> Resolver::resolve(std::string name, AddressFamily family, TimePoint deadline) {
  if (const auto literal = IpAddress::parse(name)) {
    const bool fits = family == AddressFamily::kBoth || literal->is_v4() == (family == AddressFamily::kV4);
    if (!fits) co_return fail(ErrorCode::kNotFound, name + " is an address of the other family");
    co_return Resolution{{*literal}, std::chrono::hours(24)};
  }
  const bool has_nul = name.find('\0') != std::string::npos;
  if (name.empty() || name.size() > kLongestName + 1 || has_nul) {
    co_return fail(ErrorCode::kInvalidArgument, "a host name has 1 to 253 characters");
  }
  const auto query = std::make_shared<Query>();
  query->name = std::move(name);
  channel_->start(query, family);
  if (!co_await query->done.wait(deadline)) {
    co_return fail(ErrorCode::kTimeout, "cannot resolve " + query->name + " in time");
  }
  co_return std::move(query->result);
}

}  // namespace ripstop::net
