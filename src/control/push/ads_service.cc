#include "control/push/ads_service.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "base/log.h"
#include "runtime/reactor.h"
#include "runtime/scope.h"
#include "runtime/wait.h"

namespace ripstop::control {
namespace {

constexpr std::string_view kService = "/envoy.service.discovery.v3.AggregatedDiscoveryService/";
constexpr Duration kFirstRequest = std::chrono::seconds(15);

net::GrpcStatus ended(net::GrpcCode code, std::string message) {
  return {code, std::move(message)};
}

}  // namespace

struct AdsService::Client {
  explicit Client(xds::ServerSession::Variant variant) : session(variant) {}

  xds::ServerSession session;
  ClientFacts facts;
  model::Identity identity;
  bool has_joined = false;
  ServedLists lists;
  model::SnapshotRef snapshot;                  // that the session was last given
  std::string roots_pem;                        // likewise
  std::map<std::string, std::string> refusals;  // by type: the refused version that was logged
  runtime::Event has_news;
  std::optional<net::GrpcStatus> end;  // why the stream is to end, though the client goes on
  runtime::Event must_end;
};

// A stream's place among the others, for as long as it lives, however it ends.
class AdsService::Presence {
 public:
  Presence(AdsService& service, Client& client) : service_(service), client_(client) {
    service_.clients_.push_back(&client_);
  }
  Presence(const Presence&) = delete;
  Presence& operator=(const Presence&) = delete;
  ~Presence() {
    service_.clients_.remove(&client_);
    service_.leave(client_);
  }

 private:
  AdsService& service_;
  Client& client_;
};

AdsService::AdsService(Catalogue& catalogue, const Authority& authority, ChangeFeed& feed, PushPace pace)
    : catalogue_(catalogue),
      authority_(authority),
      feed_(feed),
      timer_(pace, [this] { push(); }),
      roots_pem_(authority.bundle().pem()) {}

AdsService::~AdsService() = default;

void AdsService::add_to(net::GrpcServer& server) {
  server.add(std::string(kService) + "DeltaAggregatedResources",
             [this](net::GrpcServerCall& call) { return serve(call, xds::ServerSession::Variant::kDelta); });
  server.add(std::string(kService) + "StreamAggregatedResources",
             [this](net::GrpcServerCall& call) { return serve(call, xds::ServerSession::Variant::kStateOfTheWorld); });
}

runtime::Task<net::GrpcStatus> AdsService::serve(net::GrpcServerCall& call, xds::ServerSession::Variant variant) {
  struct UntilEnd {
    static runtime::Task<void> wait(Client& client) { co_await client.must_end.wait(); }
  };
  if (is_stopping_) co_return ended(net::GrpcCode::kUnavailable, "the control plane is stopping");
  Client client(variant);
  const Presence presence(*this, client);
  auto outcome = co_await runtime::race(receive(call, client), UntilEnd::wait(client));
  if (auto* status = std::get_if<0>(&outcome)) co_return std::move(*status);
  co_return std::move(*client.end);
}

runtime::Task<net::GrpcStatus> AdsService::receive(net::GrpcServerCall& call, Client& client) {
  runtime::Scope sender;
  TimePoint deadline = runtime::Reactor::current().now() + kFirstRequest;
  while (true) {
    auto message = co_await call.read(deadline);
    if (!message) co_return net::to_grpc_status(message.error());
    if (!*message) co_return net::GrpcStatus{};
    deadline = kNever;
    if (const Status received = client.session.receive(**message); !received) {
      co_return ended(net::GrpcCode::kInvalidArgument, received.error().message);
    }
    if (!client.has_joined) {
      if (const Status joined = join(call, client); !joined) {
        log::warning("control.push", call.peer_address().to_string() + ": " + joined.error().message);
        co_return net::to_grpc_status(joined.error());
      }
      sender.spawn(send(call, client));
    }
    note_refusals(client);
    client.has_news.set();
  }
}

// Ends by itself when the connection is gone, of which receive() will hear.
runtime::Task<void> AdsService::send(net::GrpcServerCall& call, Client& client) {
  while (true) {
    co_await client.has_news.wait();
    client.has_news.clear();
    if (!is_fresh(client)) refresh(client);
    for (std::string& response : client.session.take_responses()) {
      if (!co_await call.write(std::move(response))) co_return;
    }
  }
}

Status AdsService::join(const net::GrpcServerCall& call, Client& client) {
  client.facts = read_facts(*client.session.node());
  const auto workload = admit(client.facts, call.tls(), catalogue_.workloads());
  if (!workload) return std::unexpected(workload.error());
  const std::string& id = client.facts.workload_id;
  client.identity = (*workload)->identity;
  client.has_joined = true;
  if (const auto earlier = current_.find(id); earlier != current_.end()) {
    log::warning("control.push", id + ": a later stream takes the place of an earlier one");
    earlier->second->end = ended(net::GrpcCode::kAborted, "a later stream of the workload " + id + " took its place");
  }
  current_.insert_or_assign(id, &client);
  readiness_[id] = true;
  on_change();
  log::info("control.push", id + " is connected from " + call.peer_address().to_string());
  return {};
}

void AdsService::leave(Client& client) {
  const std::string& id = client.facts.workload_id;
  const auto current = current_.find(id);
  if (!client.has_joined || current == current_.end() || current->second != &client) return;
  current_.erase(current);
  if (is_stopping_) return;
  log::info("control.push", id + " is gone");
  readiness_[id] = false;
  on_change();
}

// From here on whoever lacks something counts as not synced, though it is told a moment later.
void AdsService::on_change() {
  roots_pem_ = authority_.bundle().pem();
  timer_.trigger();
}

void AdsService::end_grace() {
  for (const auto& [id, workload] : catalogue_.workloads()) {
    if (!workload.has_proxy || !workload.is_ready || is_connected(id)) continue;
    log::info("control.push", id + " has not come back");
    readiness_[id] = false;
  }
  on_change();
}

void AdsService::stop() {
  is_stopping_ = true;
  const std::vector<Client*> present(clients_.begin(), clients_.end());
  for (Client* client : present) {
    client->end = ended(net::GrpcCode::kUnavailable, "the control plane is stopping");
    client->must_end.set();
  }
}

// Runs in the loop, never inside a stream's own coroutines: so it is the one place that may end a stream.
void AdsService::push() {
  if (const Status set = catalogue_.set_ready(readiness_, WallClock::now()); !set) {
    log::error("control.push", "cannot keep who is ready: " + set.error().message);
    on_change();  // the disk may have room again in a while
  } else {
    readiness_.clear();
  }
  const std::vector<Client*> present(clients_.begin(), clients_.end());
  for (Client* client : present) {
    if (std::ranges::find(clients_, client) == clients_.end() || !client->has_joined) continue;
    if (client->end || !check_still_registered(*client)) {
      client->must_end.set();
    } else if (!is_fresh(*client)) {
      client->has_news.set();
    }
  }
  lists_.sweep();
  feed_.announce();
}

bool AdsService::check_still_registered(Client& client) const {
  const std::string& id = client.facts.workload_id;
  const auto found = catalogue_.workloads().find(id);
  if (found != catalogue_.workloads().end() && found->second.identity == client.identity) return true;
  client.end = ended(net::GrpcCode::kPermissionDenied, "the workload " + id + " is not registered any more");
  return false;
}

bool AdsService::is_fresh(const Client& client) const {
  return client.snapshot == catalogue_.snapshot() && client.roots_pem == roots_pem_;
}

void AdsService::refresh(Client& client) {
  const auto workload = catalogue_.workloads().find(client.facts.workload_id);
  if (workload == catalogue_.workloads().end()) return;  // the next push ends the stream
  client.snapshot = catalogue_.snapshot();
  client.roots_pem = roots_pem_;
  const translate::Proxy proxy = make_proxy(client.facts, workload->second, roots_pem_);
  ServedLists lists = lists_.make(translate::compile(client.snapshot, proxy, cache_));
  client.session.update(set_of(lists), changes_between(client.lists, lists));
  client.lists = std::move(lists);
}

void AdsService::note_refusals(Client& client) {
  for (const xds::ServerSession::TypeStatus& type : client.session.status()) {
    std::string& logged = client.refusals[type.type_url];
    if (type.refused_version == logged) continue;
    logged = type.refused_version;
    if (logged.empty()) continue;
    log::warning("control.push", client.facts.workload_id + " refuses " + type.type_url + ": " + type.refusal);
  }
}

std::vector<AdsService::ProxyStatus> AdsService::status() const {
  std::vector<ProxyStatus> all;
  for (const auto& [id, workload] : catalogue_.workloads()) {
    ProxyStatus& status =
        all.emplace_back(ProxyStatus{.id = id, .workload = workload.name, .ns = workload.identity.ns});
    const auto current = current_.find(id);
    if (current == current_.end()) continue;
    const Client& client = *current->second;
    status.is_connected = true;
    status.types = client.session.status();
    status.revision = client.snapshot ? client.snapshot->revision : 0;
    status.is_synced =
        is_fresh(client) && std::ranges::all_of(status.types, &xds::ServerSession::TypeStatus::is_synced);
  }
  return all;
}

}  // namespace ripstop::control
