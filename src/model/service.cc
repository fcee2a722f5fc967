#include "model/service.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace ripstop::model {
namespace {

std::string first_label(const Labels& labels, std::initializer_list<const char*> keys, std::string fallback) {
  for (const char* key : keys) {
    if (auto found = labels.find(key); found != labels.end() && !found->second.empty()) return found->second;
  }
  return fallback;
}

}  // namespace

bool selects(const Labels& selector, const Labels& labels) {
  return std::ranges::all_of(selector, [&labels](const auto& wanted) {
    const auto found = labels.find(wanted.first);
    return found != labels.end() && found->second == wanted.second;
  });
}

AppProtocol app_protocol(std::string_view name_or_protocol, uint16_t port) {
  static constexpr std::array<std::pair<std::string_view, AppProtocol>, 15> kNames = {{
      {"http", AppProtocol::kHttp},
      {"http2", AppProtocol::kHttp2},
      {"kubernetes.io/h2c", AppProtocol::kHttp2},
      {"kubernetes.io/ws", AppProtocol::kHttp},
      {"kubernetes.io/wss", AppProtocol::kTls},
      {"grpc", AppProtocol::kGrpc},
      {"grpc-web", AppProtocol::kGrpcWeb},
      {"https", AppProtocol::kTls},
      {"tls", AppProtocol::kTls},
      {"tcp", AppProtocol::kTcp},
      {"mongo", AppProtocol::kTcp},
      {"mysql", AppProtocol::kTcp},
      {"redis", AppProtocol::kTcp},
      {"udp", AppProtocol::kUdp},
      {"", AppProtocol::kAuto},
  }};
  const std::string lower = to_lower(name_or_protocol);
  const std::string_view prefix =
      lower.starts_with("grpc-web") ? std::string_view("grpc-web") : std::string_view(lower).substr(0, lower.find('-'));
  const bool is_well_known_tcp = port == 25 || port == 53 || port == 3306 || port == 27017;
  for (const auto& [name, protocol] : kNames) {
    if (prefix != name || protocol == AppProtocol::kAuto) continue;
    return protocol;
  }
  return is_well_known_tcp ? AppProtocol::kTcp : AppProtocol::kAuto;
}

bool is_http(AppProtocol protocol) {
  return protocol == AppProtocol::kHttp || protocol == AppProtocol::kHttp2 || protocol == AppProtocol::kGrpc ||
         protocol == AppProtocol::kGrpcWeb;
}

PeerLabels peer_labels(const Workload& workload, std::string_view cluster_id) {
  PeerLabels labels;
  labels.workload = workload.name;
  labels.ns = workload.identity.ns;
  labels.app = first_label(workload.labels, {"app"}, "");
  labels.version = first_label(workload.labels, {"version"}, "");
  labels.canonical_service =
      first_label(workload.labels, {"service.istio.io/canonical-name", "app.kubernetes.io/name", "app"}, workload.name);
  labels.canonical_revision = first_label(
      workload.labels, {"service.istio.io/canonical-revision", "app.kubernetes.io/version", "version"}, "latest");
  labels.cluster = cluster_id;
  labels.principal = workload.identity.to_string();
  return labels;
}

}  // namespace ripstop::model
