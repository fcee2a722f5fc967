#include "dialect/istio/policy/traffic_policy.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "dialect/istio/defaults.h"
#include "dialect/istio/values.h"

namespace ripstop::dialect::istio {
namespace {

using model::ClientTlsMode;
using model::LoadBalancer;

constexpr std::array<std::pair<std::string_view, LoadBalancer>, 6> kBalancers = {
    {{"UNSPECIFIED", LoadBalancer::kLeastRequest},
     {"LEAST_CONN", LoadBalancer::kLeastRequest},
     {"LEAST_REQUEST", LoadBalancer::kLeastRequest},
     {"ROUND_ROBIN", LoadBalancer::kRoundRobin},
     {"RANDOM", LoadBalancer::kRandom},
     {"PASSTHROUGH", LoadBalancer::kPassthrough}}};

constexpr std::array<std::pair<std::string_view, ClientTlsMode>, 4> kTlsModes = {
    {{"DISABLE", ClientTlsMode::kDisable},
     {"SIMPLE", ClientTlsMode::kSimple},
     {"MUTUAL", ClientTlsMode::kMutual},
     {"ISTIO_MUTUAL", ClientTlsMode::kMesh}}};

enum class Upgrade : uint8_t { kDefault, kNever, kAlways };
constexpr std::array<std::pair<std::string_view, Upgrade>, 3> kUpgrades = {
    {{"DEFAULT", Upgrade::kDefault}, {"DO_NOT_UPGRADE", Upgrade::kNever}, {"UPGRADE", Upgrade::kAlways}}};

constexpr uint32_t kMaxInt32 = std::numeric_limits<int32_t>::max();

// Istio takes 0 for "not set".
std::optional<uint32_t> read_limit(Fields& fields, std::string_view key) {
  const auto value = fields.count(key, 0, kMaxInt32);
  return value == 0U ? std::nullopt : value;
}

LoadBalancer read_load_balancer(const Context& context, Fields& fields) {
  const auto simple = fields.choice<LoadBalancer>("simple", kBalancers);
  if (fields.has("simple") + fields.has("consistentHash") + fields.has("backendUtilization") > 1) {
    report_conflict(context.report, fields.here(), "A load balancer is either simple or consistentHash.",
                    "Keep one of them.");
  }
  fields.not_honoured("consistentHash", "requests of one client are spread over all instances");
  fields.not_honoured("localityLbSetting", "instances of every locality are used alike");
  fields.not_honoured("zoneAwareLbSetting", "instances of every zone are used alike");
  fields.not_honoured("warmup", "new instances take their full share at once");
  fields.not_honoured("warmupDurationSecs", "new instances take their full share at once");
  fields.not_honoured("backendUtilization", "the load that backends report is not read");
  return simple.value_or(LoadBalancer::kLeastRequest);
}

void read_tcp_pool(Fields& tcp, model::ConnectionPool& pool) {
  pool.max_connections = read_limit(tcp, "maxConnections");
  pool.connect_timeout = tcp.duration("connectTimeout");
  if (auto keepalive = tcp.object("tcpKeepalive")) {
    model::TcpKeepalive settings;
    settings.probes = keepalive->count("probes").value_or(0);
    settings.idle = keepalive->duration("time").value_or(Duration::zero());
    settings.interval = keepalive->duration("interval").value_or(Duration::zero());
    pool.keepalive = settings;
  }
  tcp.not_honoured("idleTimeout", "idle TCP connections are closed after one hour");
  tcp.not_honoured("maxConnectionDuration", "connections may live for ever");
}

void read_http_pool(const Context& context, Fields& http, model::ConnectionPool& pool) {
  pool.max_pending_requests = read_limit(http, "http1MaxPendingRequests");
  pool.max_requests = read_limit(http, "http2MaxRequests");
  pool.max_requests_per_connection = read_limit(http, "maxRequestsPerConnection");
  pool.max_retries = read_limit(http, "maxRetries");
  pool.idle_timeout = http.duration("idleTimeout");
  const auto upgrade = http.choice<Upgrade>("h2UpgradePolicy", kUpgrades).value_or(Upgrade::kDefault);
  if (upgrade != Upgrade::kDefault) pool.upgrade_to_http2 = upgrade == Upgrade::kAlways;
  const bool keeps_protocol = http.has("useClientProtocol");
  http.not_honoured("useClientProtocol", "the protocol follows the port and the upgrade policy");
  http.not_honoured("maxConcurrentStreams", "the number of streams follows the server's own limit");
  http.not_honoured("http2KeepAlive", "no HTTP/2 pings are sent");
  if (keeps_protocol && upgrade == Upgrade::kAlways) {
    report_conflict(context.report, http.here(), "useClientProtocol and the UPGRADE policy contradict each other.",
                    "Keep one of them.");
  }
}

model::ConnectionPool read_connection_pool(const Context& context, Fields& fields) {
  model::ConnectionPool pool;
  auto tcp = fields.object("tcp");
  auto http = fields.object("http");
  if (tcp) read_tcp_pool(*tcp, pool);
  if (http) read_http_pool(context, *http, pool);
  if (!tcp && !http) {
    report_missing(context.report, fields.here(), "What the connection pool limits", "Write tcp, http or both.");
  }
  return pool;
}

model::OutlierDetection read_outlier(const Context& context, Fields& fields, model::TrafficPolicy& policy) {
  model::OutlierDetection outlier = default_outlier();
  outlier.consecutive_5xx = fields.count("consecutive5xxErrors").value_or(outlier.consecutive_5xx);
  outlier.consecutive_gateway_failure = fields.count("consecutiveGatewayErrors").value_or(0);
  outlier.interval = fields.duration("interval").value_or(outlier.interval);
  outlier.base_ejection = fields.duration("baseEjectionTime").value_or(outlier.base_ejection);
  outlier.max_ejection = std::max(outlier.max_ejection, outlier.base_ejection);
  const uint32_t percent = fields.count("maxEjectionPercent", 0, 100).value_or(0);
  if (percent != 0) outlier.max_ejection_percent = percent;
  outlier.split_local_origin = fields.flag("splitExternalLocalOriginErrors").value_or(false);
  const uint32_t local = fields.count("consecutiveLocalOriginFailures").value_or(0);
  if (outlier.split_local_origin) {
    outlier.consecutive_local_origin_failure = local == 0 ? kDefaultLocalOriginFailures : local;
  } else if (local != 0) {
    report_conflict(context.report, fields.place("consecutiveLocalOriginFailures"),
                    "Local failures are not counted apart unless splitExternalLocalOriginErrors is true.",
                    "Set splitExternalLocalOriginErrors to true, or remove this field.");
  }
  // With outlier detection Istio always says when to panic, and never does so by default.
  policy.min_health_percent = fields.count("minHealthPercent", 0, 100).value_or(0);
  fields.not_honoured("consecutiveErrors", "as in Istio; use consecutive5xxErrors or consecutiveGatewayErrors");
  fields.not_honoured("outlierDetectionHttpErrorCodes", "every 5xx counts as an error");
  return outlier;
}

void check_tls(const Context& context, const Fields& fields, const model::ClientTls& tls) {
  const bool has_files = !tls.certificate_file.empty() || !tls.key_file.empty() || !tls.roots_file.empty();
  if (fields.has("credentialName") && has_files) {
    report_conflict(context.report, fields.place("credentialName"), "credentialName stands beside certificate files.",
                    "Keep one of the two.");
  }
  if (tls.mode == ClientTlsMode::kMesh && (has_files || fields.has("credentialName"))) {
    report_conflict(context.report, fields.here(),
                    "ISTIO_MUTUAL uses the workload's own certificate and takes no other.",
                    "Remove the certificates, or use MUTUAL.");
  }
  if (tls.mode != ClientTlsMode::kMutual || fields.has("credentialName")) return;
  if (tls.certificate_file.empty()) {
    report_missing(context.report, fields.place("clientCertificate"), "The client's certificate",
                   "Write its path under clientCertificate; MUTUAL needs one.");
  }
  if (tls.key_file.empty()) {
    report_missing(context.report, fields.place("privateKey"), "The client's key",
                   "Write its path under privateKey; MUTUAL needs one.");
  }
}

model::ClientTls read_tls(const Context& context, Fields& fields) {
  model::ClientTls tls;
  tls.mode = fields.choice<ClientTlsMode>("mode", kTlsModes).value_or(ClientTlsMode::kDisable);
  tls.sni = fields.text_or_empty("sni");
  tls.certificate_file = fields.text_or_empty("clientCertificate");
  tls.key_file = fields.text_or_empty("privateKey");
  tls.roots_file = fields.text_or_empty("caCertificates");
  for (PlacedText& name : fields.texts("subjectAltNames")) tls.subject_alt_names.push_back(std::move(name.value));
  fields.not_honoured("credentialName", "no secret is read; certificates come from files");
  fields.not_honoured("insecureSkipVerify", "the server's certificate is always verified");
  fields.not_honoured("caCrl", "no revocation list is read");
  check_tls(context, fields, tls);
  return tls;
}

// The parts that a host, a subset and a port have alike.
model::TrafficPolicy read_parts(const Context& context, Fields& fields) {
  model::TrafficPolicy policy;
  if (auto balancer = fields.object("loadBalancer")) policy.load_balancer = read_load_balancer(context, *balancer);
  if (auto pool = fields.object("connectionPool")) policy.connection_pool = read_connection_pool(context, *pool);
  if (auto outlier = fields.object("outlierDetection")) policy.outlier = read_outlier(context, *outlier, policy);
  if (auto tls = fields.object("tls")) policy.tls = read_tls(context, *tls);
  return policy;
}

void read_port_policies(const Context& context, Fields& fields, Policies& policies) {
  for (Fields& entry : fields.objects("portLevelSettings")) {
    model::TrafficPolicy policy = read_parts(context, entry);
    auto port = entry.object("port");
    const auto number = port ? port->port("number") : std::nullopt;
    if (!port || !port->has("number")) {
      report_missing(context.report, entry.place("port"), "The port's number", "Write port: {number: 80}.");
    }
    if (!number) continue;
    // As in Istio, the first of two for one port counts.
    if (!policies.by_port.emplace(*number, std::move(policy)).second) {
      context.report.warning("istio/no-effect", entry.here(),
                             "An earlier entry for port " + std::to_string(*number) + " wins over this one.",
                             "Put the settings of one port into one entry.");
    }
  }
}

}  // namespace

Policies read_traffic_policy(const Context& context, Fields& parent) {
  Policies policies;
  auto fields = parent.object("trafficPolicy");
  if (!fields) return policies;
  policies.all = read_parts(context, *fields);
  read_port_policies(context, *fields, policies);
  fields->not_honoured("tunnel", "connections go straight to the destination");
  fields->not_honoured("proxyProtocol", "no PROXY header is sent");
  fields->not_honoured("retryBudget", "retries are limited by maxRetries only");
  const std::initializer_list<std::string_view> parts = {"loadBalancer",  "connectionPool",    "outlierDetection",
                                                         "tls",           "portLevelSettings", "tunnel",
                                                         "proxyProtocol", "retryBudget"};
  if (std::ranges::none_of(parts, [&fields](std::string_view part) { return fields->has(part); })) {
    report_missing(context.report, fields->here(), "What the traffic policy sets",
                   "Write loadBalancer, connectionPool, outlierDetection or tls.");
  }
  return policies;
}

}  // namespace ripstop::dialect::istio
