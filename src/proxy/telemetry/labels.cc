#include "proxy/telemetry/labels.h"

#include <algorithm>
#include <array>

#include "base/hash.h"

namespace ripstop::proxy::telemetry {
namespace {

// Order-dependent mixing (the finalizer of MurmurHash3).
uint64_t mix(uint64_t hash, uint64_t value) {
  hash ^= value + 0x9E3779B97F4A7C15ULL + (hash << 6) + (hash >> 2);
  hash ^= hash >> 33;
  return hash * 0xFF51AFD7ED558CCDULL;
}

uint64_t mix(uint64_t hash, std::string_view text) {
  return mix(hash, content_hash(text));
}

uint64_t mix(uint64_t hash, const model::PeerLabels& labels) {
  hash = mix(mix(hash, labels.workload), labels.ns);
  hash = mix(mix(hash, labels.app), labels.version);
  hash = mix(mix(hash, labels.canonical_service), labels.canonical_revision);
  return mix(mix(hash, labels.cluster), labels.principal);
}

constexpr std::array<std::string_view, 9> kKeptForRoutes = {"reporter",
                                                            "destination_service",
                                                            "destination_service_name",
                                                            "destination_service_namespace",
                                                            "destination_version",
                                                            "request_protocol",
                                                            "response_code",
                                                            "grpc_response_status",
                                                            "connection_security_policy"};

// Takes `key="value"` with its escapes off the front of labels as LabelWriter writes them.
std::string_view take_label(std::string_view& labels) {
  size_t end = labels.find('"') + 1;
  while (end < labels.size() && labels[end] != '"') end += labels[end] == '\\' ? 2 : 1;
  const std::string_view label = labels.substr(0, end + 1);
  labels.remove_prefix(std::min(labels.size(), end + 2));
  return label;
}

class LabelWriter {
 public:
  void add(std::string_view key, std::string_view value) {
    if (!text_.empty()) text_ += ',';
    text_.append(key).append("=\"");
    for (const char c : value.empty() ? std::string_view("unknown") : value) {
      if (c == '\n') {
        text_ += "\\n";
        continue;
      }
      if (c == '"' || c == '\\') text_ += '\\';
      // The names of the mesh are ASCII; anything else might not be the UTF-8 that a scraper insists on.
      const auto byte = static_cast<unsigned char>(c);
      text_ += byte < 0x20 || byte >= 0x7F ? '?' : c;
    }
    text_ += '"';
  }
  void add(std::string_view side, const model::PeerLabels& peer, std::string_view principal) {
    const std::string prefix(side);
    add(prefix + "_workload", peer.workload);
    add(prefix + "_workload_namespace", peer.ns);
    add(prefix + "_principal", principal);
    add(prefix + "_app", peer.app);
    add(prefix + "_version", peer.version);
    add(prefix + "_cluster", peer.cluster);
    add(prefix + "_canonical_service", peer.canonical_service);
    add(prefix + "_canonical_revision", peer.canonical_revision);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

struct Parties {
  model::PeerLabels source;
  model::PeerLabels destination;
  std::string source_principal;
  std::string destination_principal;
  bool is_mutual_tls = false;
};

Parties parties_of(const RequestRecord& record, const model::PeerLabels& own) {
  Parties parties;
  const net::TlsSession* tls = record.downstream_tls;
  if (record.direction == model::Direction::kInbound) {
    if (record.peer != nullptr) parties.source = *record.peer;
    parties.destination = own;
    parties.is_mutual_tls = tls != nullptr && tls->has_peer_certificate;
    if (parties.is_mutual_tls && !tls->peer_uris.empty()) parties.source_principal = tls->peer_uris.front();
    if (parties.is_mutual_tls) parties.destination_principal = tls->local_uri;
    return parties;
  }
  parties.source = own;
  parties.source_principal = own.principal;
  if (record.endpoint != nullptr) parties.destination = record.endpoint->labels;
  parties.destination_principal = parties.destination.principal;
  return parties;
}

bool names_service(const RequestRecord& record) {
  return record.cluster != nullptr && !record.cluster->service_host.empty();
}

// Whom the client asked for, where the configuration does not say: a server does not believe it.
bool takes_host_from_request(const RequestRecord& record) {
  return !names_service(record) && record.request != nullptr && record.direction != model::Direction::kInbound;
}

// Without the port; the colons of an IPv6 literal stand inside brackets.
std::string_view host_of(std::string_view authority) {
  const size_t colon = authority.rfind(':');
  const bool has_port = colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
  return has_port ? authority.substr(0, colon) : authority;
}

std::string service_host(const RequestRecord& record, const Parties& parties) {
  if (names_service(record)) return record.cluster->service_host;
  if (takes_host_from_request(record)) return std::string(host_of(record.request->authority));
  if (parties.destination.canonical_service.empty()) return {};
  return parties.destination.canonical_service + "." + parties.destination.ns + ".svc.cluster.local";
}

}  // namespace

uint64_t hash_labels(const RequestRecord& record) {
  uint64_t hash = mix(static_cast<uint64_t>(record.direction), record.status);
  hash = mix(hash, (static_cast<uint64_t>(record.flags[0]) << 8) | static_cast<uint64_t>(record.flags[1]));
  hash = mix(hash, (record.is_grpc ? 1U : 0U) | (record.has_grpc_status ? 2U : 0U) |
                       (record.downstream_tls != nullptr && record.downstream_tls->has_peer_certificate ? 4U : 0U));
  hash = mix(hash, record.grpc_status);
  hash = mix(hash, record.route_label);
  if (names_service(record)) hash = mix(hash, record.cluster->service_host);
  if (takes_host_from_request(record)) hash = mix(hash, host_of(record.request->authority));
  if (record.endpoint != nullptr) hash = mix(hash, record.endpoint->labels);
  if (record.peer != nullptr) hash = mix(hash, *record.peer);
  if (record.downstream_tls != nullptr) {
    hash = mix(hash, record.downstream_tls->local_uri);
    if (!record.downstream_tls->peer_uris.empty()) hash = mix(hash, record.downstream_tls->peer_uris.front());
  }
  return hash;
}

std::string format_labels(const RequestRecord& record, const model::PeerLabels& own) {
  const Parties parties = parties_of(record, own);
  const bool is_inbound = record.direction == model::Direction::kInbound;
  const std::string host = service_host(record, parties);
  const size_t dot = host.find('.');
  const std::string_view rest = dot == std::string::npos ? std::string_view() : std::string_view(host).substr(dot + 1);
  const bool is_mesh_host = rest.find(".svc.") != std::string_view::npos;

  LabelWriter labels;
  labels.add("reporter", is_inbound ? "destination" : "source");
  labels.add("source", parties.source, parties.source_principal);
  labels.add("destination", parties.destination, parties.destination_principal);
  labels.add("destination_service", host);
  labels.add("destination_service_name", is_mesh_host ? std::string_view(host).substr(0, dot) : std::string_view(host));
  labels.add("destination_service_namespace", is_mesh_host ? rest.substr(0, rest.find('.')) : std::string_view());
  labels.add("request_protocol", record.is_tcp ? "tcp" : record.is_grpc ? "grpc" : "http");
  if (!record.is_tcp) labels.add("response_code", std::to_string(record.status));
  if (record.is_grpc) {
    labels.add("grpc_response_status", record.has_grpc_status ? std::to_string(record.grpc_status) : std::string());
  }
  std::string flags(to_string(record.flags[0]));
  if (record.flags[1] != ResponseFlag::kNone) flags.append(",").append(to_string(record.flags[1]));
  labels.add("response_flags", flags.empty() ? "-" : std::string_view(flags));
  labels.add("connection_security_policy", !is_inbound ? "" : parties.is_mutual_tls ? "mutual_tls" : "none");
  return labels.take();
}

std::string format_route_labels(std::string_view labels, std::string_view route) {
  LabelWriter writer;
  writer.add("route", route);
  std::string kept = writer.take();
  while (!labels.empty()) {
    const std::string_view label = take_label(labels);
    if (std::ranges::find(kKeptForRoutes, label.substr(0, label.find('='))) == kKeptForRoutes.end()) continue;
    kept.append(",").append(label);
  }
  return kept;
}

}  // namespace ripstop::proxy::telemetry
