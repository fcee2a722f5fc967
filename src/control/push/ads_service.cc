#include "control/push/ads_service.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "envoy/config/core/v3/base.pb.h"
#include "runtime/reactor.h"
#include "runtime/wait.h"

namespace ripstop::control {
namespace {

constexpr Duration kMergePause = std::chrono::milliseconds(10);
constexpr std::string_view kService = "/envoy.service.discovery.v3.AggregatedDiscoveryService/";

std::string metadata_text(const std::string& node, const std::string& key) {
  envoy::config::core::v3::Node parsed;
  if (!parsed.ParseFromString(node)) return {};
  const auto found = parsed.metadata().fields().find(key);
  return found == parsed.metadata().fields().end() ? std::string() : found->second.string_value();
}

translate::Proxy proxy_of(const model::Workload& workload, std::string roots_pem) {
  translate::Proxy proxy;
  proxy.id = workload.id;
  proxy.identity = workload.identity;
  proxy.ns = workload.identity.ns;
  proxy.labels = workload.labels;
  proxy.locality = workload.locality;
  proxy.inbound = workload.inbound;
  // The capture sockets of a plain machine: both families.
  proxy.more_outbound_captures = {SocketAddress{IpAddress::v6({}), proxy.outbound_capture.port}};
  proxy.trusted_roots_pem = std::move(roots_pem);
  return proxy;
}

}  // namespace

// A client's place among the connected, for as long as its stream lives, however that ends.
class AdsService::Presence {
 public:
  Presence(AdsService& service, Client& client) : service_(service), client_(client) {
    service_.clients_.push_back(&client_);
  }
  Presence(const Presence&) = delete;
  Presence& operator=(const Presence&) = delete;
  ~Presence() {
    service_.clients_.remove(&client_);
    if (client_.workload_id.empty() || service_.is_connected(client_.workload_id)) return;
    if (!service_.is_stopping_) service_.set_ready(client_.workload_id, false);
  }

 private:
  AdsService& service_;
  Client& client_;
};

AdsService::AdsService(Catalogue& catalogue, const Authority& authority)
    : catalogue_(catalogue), authority_(authority) {}

void AdsService::add_to(net::GrpcServer& server) {
  server.add(std::string(kService) + "DeltaAggregatedResources",
             [this](net::GrpcServerCall& call) { return serve(call, xds::ServerSession::Variant::kDelta); });
  server.add(std::string(kService) + "StreamAggregatedResources",
             [this](net::GrpcServerCall& call) { return serve(call, xds::ServerSession::Variant::kStateOfTheWorld); });
}

bool AdsService::is_connected(const std::string& workload_id) const {
  return std::ranges::any_of(clients_, [&](const Client* client) { return client->workload_id == workload_id; });
}

void AdsService::set_ready(const std::string& workload_id, bool is_ready) {
  if (Status set = catalogue_.set_ready(workload_id, is_ready, WallClock::now()); !set) {
    // A workload that has been deregistered meanwhile has nothing to be ready for.
    log::debug("control.push", workload_id + ": " + set.error().message);
    return;
  }
  log::info("control.push", workload_id + (is_ready ? " is ready" : " has left"));
  on_change();
}

void AdsService::end_grace() {
  std::vector<std::string> gone;
  for (const auto& [id, workload] : catalogue_.workloads()) {
    if (workload.has_proxy && workload.is_ready && !is_connected(id)) gone.push_back(id);
  }
  for (const std::string& id : gone) set_ready(id, false);
}

Status AdsService::admit(const net::GrpcServerCall& call, Client& client) {
  const std::string id = metadata_text(client.session.node()->message, "RIPSTOP_WORKLOAD_ID");
  const auto found = catalogue_.workloads().find(id);
  if (found == catalogue_.workloads().end()) {
    return fail(ErrorCode::kPermissionDenied,
                "the node's metadata RIPSTOP_WORKLOAD_ID \"" + id + "\" names no registered workload");
  }
  const std::string expected = found->second.identity.to_string();
  const net::TlsSession* tls = call.tls();
  if (tls == nullptr || std::ranges::find(tls->peer_uris, expected) == tls->peer_uris.end()) {
    return fail(ErrorCode::kPermissionDenied,
                "workload " + id + " is " + expected + ", which the client's certificate does not say");
  }
  client.workload_id = id;
  return {};
}

void AdsService::update(Client& client) {
  const auto found = catalogue_.workloads().find(client.workload_id);
  if (found == catalogue_.workloads().end()) return;
  client.proxy = proxy_of(found->second, authority_.bundle().pem());
  const translate::ResourceSet resources = translate::translate(catalogue_.snapshot(), client.proxy, cache_);
  client.session.update(served_.make(resources));
  client.has_news.set();
}

void AdsService::on_change() {
  if (std::exchange(push_is_due_, true)) return;
  scope_.spawn(push_later());
}

runtime::Task<void> AdsService::push_later() {
  co_await runtime::sleep_for(kMergePause);
  push_is_due_ = false;
  // Setting news runs the client's sender, whose stream may end and change the list.
  const std::vector<Client*> present(clients_.begin(), clients_.end());
  for (Client* client : present) {
    const bool is_still_here = std::ranges::find(clients_, client) != clients_.end();
    if (is_still_here && !client->workload_id.empty()) update(*client);
  }
  served_.sweep();
}

runtime::Task<void> AdsService::send_news(net::GrpcServerCall& call, Client& client) {
  for (;;) {
    co_await client.has_news.wait();
    client.has_news.clear();
    for (std::string& response : client.session.take_responses()) {
      if (!co_await call.write(std::move(response))) co_return;
    }
  }
}

runtime::Task<net::GrpcStatus> AdsService::serve(net::GrpcServerCall& call, xds::ServerSession::Variant variant) {
  Client client(variant);
  const Presence presence(*this, client);
  runtime::Scope sender;
  for (;;) {
    auto message = co_await call.read();
    if (!message) co_return net::to_grpc_status(message.error());
    if (!*message) co_return net::GrpcStatus{};
    if (Status received = client.session.receive(**message); !received) {
      co_return net::to_grpc_status(received.error());
    }
    if (client.workload_id.empty() && client.session.node()) {
      if (Status admitted = admit(call, client); !admitted) {
        log::warning("control.push", admitted.error().message);
        co_return net::to_grpc_status(admitted.error());
      }
      sender.spawn(send_news(call, client));
      update(client);
      set_ready(client.workload_id, true);
    }
    client.has_news.set();
  }
}

std::vector<AdsService::ProxyStatus> AdsService::status() const {
  std::vector<ProxyStatus> all;
  for (const Client* client : clients_) {
    const auto found = catalogue_.workloads().find(client->workload_id);
    if (found == catalogue_.workloads().end()) continue;
    all.push_back({client->workload_id, found->second.name, found->second.identity.ns, client->session.status()});
  }
  return all;
}

}  // namespace ripstop::control
