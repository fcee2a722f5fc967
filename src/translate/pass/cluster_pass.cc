#include "translate/pass/cluster_pass.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "translate/names.h"

namespace ripstop::translate {
namespace {

using model::AppProtocol;
using model::Cluster;
using model::TrafficPolicy;

constexpr uint32_t kNoLimit = std::numeric_limits<uint32_t>::max();

model::Discovery discovery_of(const model::Service& service, const TrafficPolicy& policy) {
  if (policy.load_balancer == model::LoadBalancer::kPassthrough) return model::Discovery::kOriginalDst;
  switch (service.resolution) {
    case model::Resolution::kNone:
      return model::Discovery::kOriginalDst;
    case model::Resolution::kDns:
      return model::Discovery::kStrictDns;
    case model::Resolution::kDnsRoundRobin:
      return model::Discovery::kLogicalDns;
    case model::Resolution::kStatic:
      break;
  }
  return model::Discovery::kEds;
}

model::Balancing balancing_of(model::Discovery discovery, const TrafficPolicy& policy) {
  if (discovery == model::Discovery::kOriginalDst) return model::Balancing::kClusterProvided;
  switch (policy.load_balancer.value_or(model::LoadBalancer::kLeastRequest)) {
    case model::LoadBalancer::kRoundRobin:
      return model::Balancing::kRoundRobin;
    case model::LoadBalancer::kRandom:
      return model::Balancing::kRandom;
    case model::LoadBalancer::kPassthrough:
    case model::LoadBalancer::kLeastRequest:
      break;
  }
  return model::Balancing::kLeastRequest;
}

// Istio reads an explicit zero as "not set".
void set_limit(uint32_t& limit, const std::optional<uint32_t>& wanted) {
  if (wanted && *wanted != 0) limit = *wanted;
}

void apply_pool(Cluster& cluster, const model::ConnectionPool& pool) {
  set_limit(cluster.breaker.max_connections, pool.max_connections);
  set_limit(cluster.breaker.max_pending_requests, pool.max_pending_requests);
  set_limit(cluster.breaker.max_requests, pool.max_requests);
  set_limit(cluster.breaker.max_retries, pool.max_retries);
  cluster.max_requests_per_connection = pool.max_requests_per_connection.value_or(0);
  if (pool.connect_timeout) cluster.connect_timeout = *pool.connect_timeout;
  cluster.idle_timeout = pool.idle_timeout;
  cluster.keepalive = pool.keepalive;
  if (pool.upgrade_to_http2.value_or(false)) cluster.protocol = model::UpstreamProtocol::kHttp2;
}

// Envoy offers all of the list on every connection, so it may only say what fits the protocol that will be spoken, and
// for a port of unknown protocol only what is right for any bytes.
std::vector<std::string> envoy_alpn(bool is_auto, model::UpstreamProtocol protocol) {
  if (is_auto) return {std::string(kAlpnTcp)};
  return {std::string(protocol == model::UpstreamProtocol::kHttp2 ? kAlpnHttp2 : kAlpnHttp1)};
}

// Ripstop's proxy offers, of this list, what fits the bytes. HTTP/2 before HTTP/1 leaves the choice to the other
// sidecar, whatever the applications speak; the other way about, the hop is what the client speaks.
std::vector<std::string> mesh_alpn(const ClusterInput& input, model::UpstreamProtocol protocol, bool shares_hop) {
  const bool is_auto = input.port.protocol == AppProtocol::kAuto;
  if (!is_auto && !model::is_http(input.port.protocol)) return {std::string(kAlpnTcp)};
  if (input.profile == Profile::kEnvoy) return envoy_alpn(is_auto, protocol);
  if (protocol == model::UpstreamProtocol::kHttp2) return {std::string(kAlpnHttp2)};
  std::vector<std::string> alpn{std::string(kAlpnHttp1)};
  if (shares_hop) {
    alpn.insert(alpn.begin(), std::string(kAlpnHttp2));
  } else if (protocol == model::UpstreamProtocol::kSameAsDownstream) {
    alpn.emplace_back(kAlpnHttp2);
  }
  if (is_auto) alpn.emplace_back(kAlpnTcp);
  return alpn;
}

// h2UpgradePolicy DO_NOT_UPGRADE asks for the HTTP/1 hop.
bool shares_hop(const TrafficPolicy& policy) {
  return !policy.connection_pool || policy.connection_pool->upgrade_to_http2.value_or(true);
}

std::vector<model::StringMatch> exactly(const std::vector<std::string>& names) {
  std::vector<model::StringMatch> matches;
  matches.reserve(names.size());
  for (const std::string& name : names) matches.push_back({.kind = model::MatchKind::kExact, .text = name});
  return matches;
}

model::UpstreamTls mesh_tls(const ClusterInput& input, const Cluster& cluster, const std::string& subset,
                            const TrafficPolicy& policy) {
  const model::ClientTls* written = policy.tls ? &*policy.tls : nullptr;
  model::UpstreamTls tls;
  tls.secrets = {std::string(kOwnCertificate), std::string(kTrustedRoots)};
  tls.sni = mesh_sni(input.port.number, subset, input.service->host);
  tls.alpn = mesh_alpn(input, cluster.protocol, shares_hop(policy));
  tls.peer_names = exactly(*input.identities);
  if (written != nullptr && !written->sni.empty()) tls.sni = written->sni;
  if (written != nullptr && !written->subject_alt_names.empty()) tls.peer_names = exactly(written->subject_alt_names);
  if (tls.peer_names.empty()) {
    const model::Identity any{input.trust_domain, input.service->ns, ""};
    tls.peer_names.push_back({.kind = model::MatchKind::kPrefix, .text = any.to_string()});
  }
  return tls;
}

// TLS to a server outside the mesh. Files are named as Istio names them; "file-root:system" are the host's own roots.
model::UpstreamTls originated_tls(const ClusterInput& input, const Cluster& cluster, const model::ClientTls& written) {
  model::UpstreamTls tls;
  if (written.mode == model::ClientTlsMode::kMutual) {
    tls.secrets.certificate = "file-cert:" + written.certificate_file + "~" + written.key_file;
  }
  tls.secrets.trusted_roots = "file-root:" + (written.roots_file.empty() ? "system" : written.roots_file);
  const std::string& host = input.service->host;
  tls.sni = written.sni.empty() && !host.starts_with('*') ? host : written.sni;
  tls.peer_names =
      exactly(written.subject_alt_names.empty() ? input.service->subject_alt_names : written.subject_alt_names);
  // Whoever names nobody still means the host it calls, not anyone the roots vouch for.
  if (tls.peer_names.empty() && !tls.sni.empty()) tls.peer_names = exactly({tls.sni});
  if (cluster.protocol == model::UpstreamProtocol::kHttp2) {
    tls.alpn = {"h2"};
  } else if (model::is_http(input.port.protocol)) {
    tls.alpn = {"http/1.1"};
  }
  return tls;
}

void set_tls(Cluster& cluster, const ClusterInput& input, const std::string& subset, const TrafficPolicy& policy) {
  if (!policy.tls) {
    if (input.service->is_external || cluster.discovery == model::Discovery::kOriginalDst) return;
    cluster.tls = mesh_tls(input, cluster, subset, policy);
    cluster.tls_only_where_taken = true;
    return;
  }
  switch (policy.tls->mode) {
    case model::ClientTlsMode::kDisable:
      return;
    case model::ClientTlsMode::kMesh:
      cluster.tls = mesh_tls(input, cluster, subset, policy);
      return;
    case model::ClientTlsMode::kSimple:
    case model::ClientTlsMode::kMutual:
      cluster.tls = originated_tls(input, cluster, *policy.tls);
      return;
  }
}

void set_assignment(Cluster& cluster, const ClusterInput& input) {
  const bool is_logical = cluster.discovery == model::Discovery::kLogicalDns;
  if (!is_logical && cluster.discovery != model::Discovery::kStrictDns) return;
  cluster.assignment.emplace().cluster = cluster.name;
  const auto found = std::ranges::find(input.inline_assignments, cluster.name, &model::LoadAssignment::cluster);
  if (found != input.inline_assignments.end()) cluster.assignment = *found;
  // LOGICAL_DNS follows one name, one answer at a time.
  auto& localities = cluster.assignment->localities;
  if (is_logical && !localities.empty()) {
    localities.resize(1);
    localities.front().endpoints.resize(1);
  }
}

Cluster make_cluster(const ClusterInput& input, const model::Subset* subset) {
  const model::Service& service = *input.service;
  const std::string subset_name = subset == nullptr ? "" : subset->name;
  const TrafficPolicy policy = effective_policy(input.policy.value.get(), subset, input.port.number);

  Cluster cluster = baseline_cluster(outbound_cluster_name(input.port.number, subset_name, service.host));
  cluster.discovery = discovery_of(service, policy);
  cluster.balancing = balancing_of(cluster.discovery, policy);
  cluster.panic_percent = policy.min_health_percent.value_or(0);
  cluster.protocol = upstream_protocol(input.port.protocol);
  if (policy.connection_pool) apply_pool(cluster, *policy.connection_pool);
  cluster.outlier = policy.outlier;
  set_tls(cluster, input, subset_name, policy);
  set_assignment(cluster, input);
  cluster.service_labels.ns = service.ns;
  cluster.service_labels.canonical_service = service.name.empty() ? service.host : service.name;
  cluster.service_host = service.host;
  cluster.origin = service.origin;
  if (input.policy) cluster.origin = subset != nullptr && subset->origin ? subset->origin : input.policy->origin;
  return cluster;
}

}  // namespace

Cluster baseline_cluster(std::string name) {
  Cluster cluster;
  cluster.name = std::move(name);
  cluster.panic_percent = 0;
  cluster.connect_timeout = std::chrono::seconds(10);
  cluster.breaker = {kNoLimit, kNoLimit, kNoLimit, kNoLimit};
  return cluster;
}

model::UpstreamProtocol upstream_protocol(AppProtocol protocol) {
  switch (protocol) {
    case AppProtocol::kHttp2:
    case AppProtocol::kGrpc:
    case AppProtocol::kGrpcWeb:
      return model::UpstreamProtocol::kHttp2;
    case AppProtocol::kAuto:
      return model::UpstreamProtocol::kSameAsDownstream;
    case AppProtocol::kHttp:
    case AppProtocol::kTls:
    case AppProtocol::kTcp:
    case AppProtocol::kUdp:
      break;
  }
  return model::UpstreamProtocol::kHttp1;
}

bool uses_eds(const model::Service& service, const TrafficPolicy& policy) {
  return discovery_of(service, policy) == model::Discovery::kEds;
}

std::vector<Cluster> make_clusters(const ClusterInput& input) {
  std::vector<Cluster> clusters{make_cluster(input, nullptr)};
  if (!input.policy) return clusters;
  for (const model::Subset& subset : input.policy->subsets) clusters.push_back(make_cluster(input, &subset));
  return clusters;
}

std::vector<Cluster> make_fallback_clusters() {
  Cluster passthrough = baseline_cluster(std::string(kPassthroughCluster));
  passthrough.discovery = model::Discovery::kOriginalDst;
  passthrough.balancing = model::Balancing::kClusterProvided;
  passthrough.protocol = model::UpstreamProtocol::kSameAsDownstream;
  passthrough.origin = mesh_default("outbound");
  Cluster black_hole = baseline_cluster(std::string(kBlackHoleCluster));
  black_hole.discovery = model::Discovery::kStatic;
  black_hole.assignment = model::LoadAssignment{.cluster = black_hole.name, .localities = {}};
  black_hole.origin = passthrough.origin;
  return {std::move(passthrough), std::move(black_hole)};
}

}  // namespace ripstop::translate
