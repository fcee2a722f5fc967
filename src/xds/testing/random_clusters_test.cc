// Clusters, endpoints and TLS of RandomModels.
#include <algorithm>

#include "xds/testing/random_models.h"

namespace ripstop::xds::testing {

using model::MatchKind;

std::string RandomModels::word() {
  static constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789-._é";
  std::string text;
  for (uint32_t i = number(1, 12); i > 0; --i) text += kLetters[random_.below(38)];
  return text;
}

std::vector<std::string> RandomModels::words(uint32_t most) {
  std::vector<std::string> list;
  for (uint32_t i = number(0, most); i > 0; --i) list.push_back(word() + std::to_string(i));
  return list;
}

Duration RandomModels::duration() {
  return coin() ? Duration(std::chrono::milliseconds(number(1, 100'000)))
                : Duration(std::chrono::seconds(number(1, 100'000)) + std::chrono::nanoseconds(number(0, 999'999'999)));
}

SocketAddress RandomModels::address() {
  const auto byte = [this] { return static_cast<uint8_t>(random_.below(256)); };
  SocketAddress result;
  result.ip = coin() ? IpAddress::v4({byte(), byte(), byte(), byte()})
                     : IpAddress::v6({0x20, byte(), byte(), byte(), 0, 0, 0, 0, 0, 0, 0, 0, byte(), byte(), 0, byte()});
  result.port = static_cast<uint16_t>(number(1, 65535));
  return result;
}

model::PeerLabels RandomModels::labels() {
  const auto maybe = [this] { return coin() ? word() : std::string(); };
  return {.workload = maybe(),
          .ns = maybe(),
          .app = maybe(),
          .version = maybe(),
          .canonical_service = maybe(),
          .canonical_revision = maybe(),
          .cluster = maybe(),
          .principal = maybe()};
}

model::Endpoint RandomModels::endpoint(bool with_hostnames) {
  model::Endpoint result{.address = address(),
                         .hostname = {},
                         .health = static_cast<model::Health>(random_.below(6)),
                         .weight = coin() ? 1 : number(1, 1000),
                         .takes_mtls = coin(),
                         .labels = labels()};
  if (with_hostnames && coin()) {
    result.hostname = "host-" + word() + ".example";
    result.address.ip = IpAddress();
  }
  return result;
}

model::LoadAssignment RandomModels::assignment(bool with_hostnames) {
  model::LoadAssignment result;
  result.cluster = word();
  if (coin()) result.overprovisioning_percent = number(100, 300);
  for (uint32_t i = number(0, 3); i > 0; --i) {
    model::LocalityEndpoints locality;
    locality.locality = {
        .region = coin() ? word() : "", .zone = coin() ? word() : "", .sub_zone = coin() ? word() : ""};
    locality.priority = number(0, 3);
    locality.weight = coin() ? 0 : number(1, 100);
    for (uint32_t k = number(0, 4); k > 0; --k) locality.endpoints.push_back(endpoint(with_hostnames));
    result.localities.push_back(std::move(locality));
  }
  return result;
}

model::OriginRef RandomModels::origin() {
  if (coin()) return nullptr;
  return std::make_shared<const model::Origin>(model::Origin{.dialect = one_of({"istio", "gateway-api"}),
                                                             .kind = "VirtualService",
                                                             .ns = word(),
                                                             .name = word(),
                                                             .file = coin() ? word() + ".yaml" : "",
                                                             .line = number(0, 500),
                                                             .field = coin() ? "spec.http[0]" : ""});
}

model::OutlierDetection RandomModels::outlier() {
  model::OutlierDetection result;
  result.consecutive_5xx = number(0, 9);
  result.consecutive_gateway_failure = number(0, 9);
  result.consecutive_local_origin_failure = number(0, 9);
  result.split_local_origin = coin();
  result.interval = duration();
  result.base_ejection = duration();
  result.max_ejection = duration();
  result.max_ejection_percent = number(0, 100);
  result.always_eject_one = coin();
  return result;
}

model::HealthCheck RandomModels::health_check() {
  model::HealthCheck check;
  check.timeout = duration();
  check.interval = duration();
  if (coin()) check.unhealthy_interval = duration();
  if (coin()) check.initial_jitter = duration();
  if (coin()) check.interval_jitter = duration();
  check.interval_jitter_percent = number(0, 1000);
  check.unhealthy_threshold = number(1, 9);
  check.healthy_threshold = number(1, 9);
  if (coin()) check.alt_port = static_cast<uint16_t>(number(1, 65535));
  switch (number(0, 2)) {
    case 0:
      check.probe = model::TcpHealthCheck{.send = coin() ? std::string("\0\xFF", 2) : "", .receive = words(3)};
      break;
    case 1: {
      const auto first = static_cast<uint16_t>(number(100, 598));
      check.probe = model::HttpHealthCheck{.host = coin() ? word() : "",
                                           .path = "/" + word(),
                                           .expected = {{first, static_cast<uint16_t>(number(first + 1U, 600))}},
                                           .is_http2 = coin()};
      break;
    }
    default:
      check.probe = model::GrpcHealthCheck{.service = coin() ? word() : "", .authority = coin() ? word() : ""};
  }
  return check;
}

model::StringMatch RandomModels::string_match() {
  const MatchKind kind =
      one_of({MatchKind::kExact, MatchKind::kPrefix, MatchKind::kSuffix, MatchKind::kContains, MatchKind::kRegex});
  return {.kind = kind, .text = word(), .ignore_case = kind != MatchKind::kRegex && coin()};
}

std::vector<model::StringMatch> RandomModels::peer_names() {
  std::vector<model::StringMatch> names;
  for (uint32_t i = number(0, 3); i > 0; --i) {
    model::StringMatch name = string_match();
    if (coin()) name.text = "spiffe://" + name.text;
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  return names;
}

model::UpstreamTls RandomModels::upstream_tls() {
  return {.secrets = {.certificate = coin() ? word() : "", .trusted_roots = coin() ? word() : ""},
          .sni = coin() ? word() : "",
          .alpn = words(3),
          .peer_names = peer_names()};
}

model::DownstreamTls RandomModels::downstream_tls() {
  return {.secrets = {.certificate = word(), .trusted_roots = coin() ? word() : ""},
          .require_client_certificate = coin(),
          .alpn = words(3),
          .peer_names = peer_names()};
}

model::Cluster RandomModels::cluster() {
  using model::Discovery;
  model::Cluster result;
  result.name = word();
  result.discovery = static_cast<Discovery>(random_.below(5));
  const bool is_dns = result.discovery == Discovery::kStrictDns || result.discovery == Discovery::kLogicalDns;
  if (result.discovery == Discovery::kEds && coin()) result.eds_name = word();
  if (is_dns || result.discovery == Discovery::kStatic) result.assignment = assignment(is_dns);
  if (is_dns) result.dns_refresh = duration();
  result.balancing = static_cast<model::Balancing>(random_.below(4));
  if (result.balancing == model::Balancing::kLeastRequest) result.least_request_choices = number(2, 10);
  if (result.balancing == model::Balancing::kClusterProvided && result.assignment) {
    for (auto& locality : result.assignment->localities) locality.weight = 0;
  }
  result.panic_percent = number(0, 100);
  result.connect_timeout = duration();
  if (coin()) result.idle_timeout = duration();
  if (coin()) result.max_connection_duration = std::chrono::seconds(number(1, 99));
  result.max_requests_per_connection = coin() ? 0 : number(1, 1000);
  result.protocol = static_cast<model::UpstreamProtocol>(random_.below(4));
  if (coin()) result.breaker = {number(0, 99), number(0, 99), number(0, 99), 0xFFFFFFFF};
  if (coin()) result.outlier = outlier();
  if (coin() && result.discovery != Discovery::kOriginalDst) result.health_check = health_check();
  if (coin()) {
    result.keepalive = model::TcpKeepalive{.probes = number(0, 9),
                                           .idle = std::chrono::seconds(number(0, 99)),
                                           .interval = std::chrono::seconds(number(0, 99))};
  }
  if (coin()) result.tls = upstream_tls();
  result.tls_only_where_taken = result.tls && coin();
  result.is_application = coin();
  result.service_labels = labels();
  result.service_host = coin() ? word() : "";
  result.origin = origin();
  return result;
}

model::Secret RandomModels::secret() {
  model::Secret result{.name = word(), .certificate_chain_pem = {}, .private_key_pem = {}, .trusted_roots_pem = {}};
  (coin() ? result.certificate_chain_pem : result.trusted_roots_pem) = "-----BEGIN CERTIFICATE-----\n" + word();
  return result;
}

}  // namespace ripstop::xds::testing
