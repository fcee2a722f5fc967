#include "translate/listener/inbound_chains.h"

#include <utility>

#include "translate/listener/filters.h"
#include "translate/names.h"

namespace ripstop::translate {
namespace {

using model::AppProtocol;
using model::FilterChain;
using model::MtlsMode;

using Protocols = std::vector<std::string>;

constexpr const char* kTls = "tls";
constexpr const char* kPlain = "raw_buffer";

// In order of preference: between sidecars requests share HTTP/2 connections.
Protocols mesh_http() {
  return {std::string(kAlpnHttp2), std::string(kAlpnHttp1)};
}

Protocols mesh_tcp() {
  return {std::string(kAlpnTcp)};
}

Protocols mesh_any() {
  return {std::string(kAlpnHttp2), std::string(kAlpnHttp1), std::string(kAlpnTcp)};
}

model::RouteTable route_table(const InboundChains& port) {
  model::Route route;
  route.name = "default";
  model::Forward forward;
  forward.clusters.push_back({.cluster = port.cluster});
  forward.grpc_timeout_max = Duration::zero();
  route.action = std::move(forward);
  route.operation = port.operation;
  route.origin = port.origin;

  model::VirtualHost host;
  host.name = "inbound|http";
  host.domains = {"*"};
  host.routes.push_back(std::move(route));
  host.retry = model::RetryPolicy{.retries = 2, .on = model::RetryOn::kResetBeforeRequest};
  host.include_attempt_count = false;

  model::RouteTable table;
  table.name = port.cluster;
  table.virtual_hosts.push_back(std::move(host));
  return table;
}

class ChainList {
 public:
  explicit ChainList(const InboundChains& port) : port_(port) {}

  void http(std::string_view suffix, std::string transport, Protocols protocols, bool mesh_tls) {
    FilterChain chain = matched(suffix, std::move(transport), std::move(protocols));
    model::HttpConnection http = http_connection(port_.name, port_.logs);
    http.client_cert = model::ClientCertForwarding::kAppendForward;
    http.inline_routes = route_table(port_);
    http.grpc_web = port_.protocol == AppProtocol::kGrpcWeb;
    chain.filter = std::move(http);
    if (mesh_tls) chain.tls = server_tls(mesh_http());
    chains_.push_back(std::move(chain));
  }

  void tcp(std::string_view suffix, std::string transport, Protocols protocols, bool mesh_tls) {
    FilterChain chain = matched(suffix, std::move(transport), std::move(protocols));
    chain.filter = tcp_proxy(port_.cluster, port_.logs);
    if (mesh_tls) chain.tls = server_tls(mesh_tcp());
    chains_.push_back(std::move(chain));
  }

  std::vector<FilterChain> take() { return std::move(chains_); }

 private:
  FilterChain matched(std::string_view suffix, std::string transport, Protocols protocols) const {
    FilterChain chain;
    chain.name = port_.name + "-" + std::string(suffix);
    chain.match.destination_port = port_.port;
    chain.match.transport_protocol = std::move(transport);
    chain.match.application_protocols = std::move(protocols);
    return chain;
  }

  [[nodiscard]] model::DownstreamTls server_tls(Protocols alpn) const {
    model::DownstreamTls tls;
    tls.secrets = {std::string(kOwnCertificate), std::string(kTrustedRoots)};
    tls.require_client_certificate = true;
    tls.alpn = std::move(alpn);
    tls.peer_names = {{.kind = model::MatchKind::kPrefix, .text = "spiffe://" + port_.trust_domain + "/"}};
    return tls;
  }

  const InboundChains& port_;
  std::vector<FilterChain> chains_;
};

// Matching does not step back from a branch once taken, so each transport has a chain for whatever is left in it.
void add_http(ChainList& chains, MtlsMode mode) {
  if (mode == MtlsMode::kStrict) return chains.http("mtls-http", kTls, {}, true);
  if (mode == MtlsMode::kDisable) return chains.http("http", "", {}, false);
  chains.http("mtls-http", kTls, mesh_any(), true);
  chains.http("http", kPlain, {}, false);
}

void add_tcp(ChainList& chains, MtlsMode mode) {
  if (mode == MtlsMode::kStrict) return chains.tcp("mtls-tcp", kTls, {}, true);
  if (mode == MtlsMode::kDisable) return chains.tcp("tcp", "", {}, false);
  chains.tcp("mtls-tcp", kTls, mesh_any(), true);
  chains.tcp("foreign-tls", kTls, {}, false);
  chains.tcp("tcp", kPlain, {}, false);
}

void add_auto(ChainList& chains, MtlsMode mode) {
  if (mode == MtlsMode::kStrict) {
    chains.http("mtls-http", kTls, mesh_http(), true);
    chains.tcp("mtls-tcp", kTls, {}, true);
    return;
  }
  if (mode != MtlsMode::kDisable) {
    chains.http("mtls-http", kTls, mesh_http(), true);
    chains.tcp("mtls-tcp", kTls, mesh_tcp(), true);
  }
  chains.tcp("foreign-tls", kTls, {}, false);
  chains.http("http", kPlain, inspected_http(), false);
  chains.tcp("tcp", kPlain, {}, false);
}

}  // namespace

std::vector<FilterChain> make_inbound_chains(const InboundChains& port) {
  ChainList chains(port);
  if (port.protocol == AppProtocol::kAuto) {
    add_auto(chains, port.mtls);
  } else if (model::is_http(port.protocol)) {
    add_http(chains, port.mtls);
  } else {
    add_tcp(chains, port.mtls);
  }
  return chains.take();
}

}  // namespace ripstop::translate
