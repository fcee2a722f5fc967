// For tests only: a proxy as the control plane sees one. It makes a key, gets a certificate, follows its configuration.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/random.h"
#include "control/testing/mesh.h"
#include "net/grpc/grpc_channel.h"
#include "net/tls/tls_context.h"
#include "xds/ads_client.h"
#include "xds/decode.h"

namespace ripstop::control {

// A key and what was signed for it.
struct ProxyCertificate {
  std::shared_ptr<const net::TlsKey> key;
  std::vector<std::string> chain;  // leaf first, roots last

  [[nodiscard]] net::TlsOptions options() const {
    net::TlsOptions options;
    options.alpn = {"h2"};
    if (chain.empty()) return options;
    for (size_t i = 0; i + 1 < chain.size(); ++i) options.certificate_chain_pem += chain[i];
    options.key = key;
    return options;
  }
};

class FakeProxy {
 public:
  FakeProxy(TestMesh& mesh, std::string workload_id) : mesh_(mesh), id_(std::move(workload_id)) {}

  // How to connect: with the present certificate, verifying the control plane against `roots`.
  net::GrpcChannel::Connector connector() {
    return [this](TimePoint deadline) { return connect(deadline); };
  }

  // Asks for a certificate; by the token, or over the present certificate when there is none.
  Result<ProxyCertificate> request_certificate(const std::string& token, int64_t seconds = 0);

  void join(const std::string& token) {
    auto issued = request_certificate(token);
    ASSERT_TRUE(issued) << issued.error().message;
    certificate = std::move(*issued);
  }

  // Follows the configuration from now on, as proxies do: clusters and listeners, then what they name.
  void follow() {
    xds::AdsClient::Options options{
        .node = node(),
        .connector = connector(),
        .channel = {.authority = "control"},
        .back_off = {.first = std::chrono::milliseconds(5), .longest = std::chrono::milliseconds(20)},
        .metadata = {}};
    client_ = std::make_unique<xds::AdsClient>(std::move(options), random_,
                                               [this](const xds::Update& update) { take(update); });
    client_->subscribe_all(xds::type::kCluster);
    client_->subscribe_all(xds::type::kListener);
    client_->subscribe(xds::type::kSecret, "ROOTCA");
    client_->subscribe_all(xds::type::kNameTable);
    scope_.spawn(client_->run());
  }
  // As a kill does: the connection is gone.
  void vanish() {
    scope_.cancel();
    client_.reset();
  }

  // Its xDS node, serialized.
  [[nodiscard]] std::string node() const;

  // The messages of the other kind of stream.
  struct WholeState {
    std::string version;
    std::string nonce;
    std::vector<std::string> names;  // of clusters
  };
  [[nodiscard]] std::string state_of_the_world_request(std::string_view type, const std::string& version,
                                                       const std::string& nonce) const;
  [[nodiscard]] static WholeState read_state_of_the_world(const std::string& message);

  [[nodiscard]] bool has(std::string_view type, const std::string& name) const {
    const auto found = resources.find(std::string(type));
    return found != resources.end() && found->second.contains(name);
  }
  [[nodiscard]] size_t endpoints(const std::string& cluster) const {
    const auto all = resources.find(std::string(xds::type::kLoadAssignment));
    if (all == resources.end() || !all->second.contains(cluster)) return 0;
    const auto assignment = xds::decode_load_assignment(all->second.at(cluster));
    size_t count = 0;
    for (const auto& locality : assignment->localities) count += locality.endpoints.size();
    return count;
  }
  [[nodiscard]] std::string last_failure() const { return std::string(client_->last_failure()); }
  [[nodiscard]] const std::string& id() const { return id_; }

  ProxyCertificate certificate;
  std::string roots;                            // of the control plane's certificate; empty: not verified
  std::map<std::string, std::string> metadata;  // of the node, beside the workload's id
  std::string refuses;                          // this type's updates
  // What has arrived, and what of it is in force, by type and name.
  struct Arrival {
    std::string type;
    std::vector<std::string> names;
    std::vector<std::string> removed;
  };
  std::vector<Arrival> arrivals;
  std::map<std::string, std::map<std::string, std::string>> resources;

 private:
  runtime::Task<Result<net::StreamPtr>> connect(TimePoint deadline) {
    net::TlsOptions options = certificate.options();
    options.trusted_roots_pem = roots;
    auto context = net::TlsContext::make_client(options);
    if (!context) co_return fail_with(context);
    co_return co_await net::connect_tls(mesh_.connect_proxy(), *context, {}, deadline);
  }

  void take(const xds::Update& update) {
    Arrival& arrival = arrivals.emplace_back(Arrival{.type = update.type_url, .names = {}, .removed = update.removed});
    for (const xds::Update::Item& item : update.resources) arrival.names.push_back(item.name);
    if (update.type_url == refuses) return client_->reject(update, "this proxy does not like it");
    auto& all = resources[update.type_url];
    for (const std::string& name : update.removed) all.erase(name);
    for (const xds::Update::Item& item : update.resources) {
      all[item.name] = item.body;
      follow_up(update.type_url, item);
    }
    client_->accept(update);
  }

  void follow_up(const std::string& type, const xds::Update::Item& item) {
    if (type == xds::type::kCluster) {
      const auto cluster = xds::decode_cluster(item.body);
      if (cluster->discovery == model::Discovery::kEds) client_->subscribe(xds::type::kLoadAssignment, item.name);
    }
    if (type != xds::type::kListener) return;
    const auto listener = xds::decode_listener(item.body);
    for (const model::FilterChain& chain : listener->filter_chains) {
      const auto* http = std::get_if<model::HttpConnection>(&chain.filter);
      if (http != nullptr && !http->route_table_name.empty()) {
        client_->subscribe(xds::type::kRouteTable, http->route_table_name);
      }
    }
  }

  TestMesh& mesh_;
  std::string id_;
  Random random_{7};
  std::unique_ptr<xds::AdsClient> client_;
  runtime::Scope scope_;
};

}  // namespace ripstop::control
