// Services and workloads of the mesh, as control and translate see them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "model/cluster.h"
#include "model/identity.h"
#include "model/origin.h"

namespace ripstop::model {

using Labels = std::map<std::string, std::string>;

// True when every pair of `selector` is in `labels`; an empty selector matches everything.
[[nodiscard]] bool selects(const Labels& selector, const Labels& labels);

enum class AppProtocol : uint8_t { kAuto, kHttp, kHttp2, kGrpc, kGrpcWeb, kTls, kTcp, kUdp };

// Istio's rule: the prefix before the first '-' of a port name, or the protocol field; unknown or empty gives kAuto,
// ports 25, 53, 3306 and 27017 without a name kTcp.
[[nodiscard]] AppProtocol app_protocol(std::string_view name_or_protocol, uint16_t port);
[[nodiscard]] bool is_http(AppProtocol protocol);  // kHttp, kHttp2, kGrpc, kGrpcWeb

struct ServicePort {
  uint16_t number = 0;
  std::string name;
  AppProtocol protocol = AppProtocol::kAuto;
  uint16_t target_port = 0;  // on the workload; 0: same as number
  bool operator==(const ServicePort&) const = default;
};

enum class Resolution : uint8_t {
  kNone,           // to the original destination
  kStatic,         // endpoints below, or workloads by selector
  kDns,            // endpoints' host names (or the service's own), all answers
  kDnsRoundRobin,  // one answer at a time
};

// An endpoint written in the service itself.
struct ServiceEndpoint {
  std::string address;  // IP, host name, or "unix://…" (reported as unsupported)
  std::map<std::string, uint16_t> ports;
  Labels labels;
  Locality locality;
  uint32_t weight = 1;
  std::string service_account;
  bool operator==(const ServiceEndpoint&) const = default;
};

struct Service {
  std::string host;  // fully qualified, lower case: "reviews.default.svc.cluster.local"; may be "*.example.com"
  std::string ns;
  std::string name;                  // short name; empty for hosts outside the mesh's domain
  std::vector<IpAddress> addresses;  // virtual addresses: written ones, else allocated by the control plane
  std::vector<CidrBlock> address_ranges;
  std::vector<ServicePort> ports;
  Resolution resolution = Resolution::kStatic;
  bool is_external = false;  // MESH_EXTERNAL: never automatic mTLS
  std::vector<ServiceEndpoint> endpoints;
  std::optional<Labels> selector;  // workloads of the same namespace
  std::vector<std::string> subject_alt_names;
  std::vector<std::string> export_to;  // namespaces; empty or "*": all; ".": own
  OriginRef origin;
};

// A running (or declared) instance with its own identity.
struct Workload {
  std::string id;    // unique in the mesh, stable over restarts of its proxy
  std::string name;  // "reviews-v1": the workload label of metrics
  Identity identity;
  Labels labels;
  std::string address;                         // IP, or host name for DNS services
  std::map<uint16_t, SocketAddress> inbound;   // application port -> where its proxy listens; empty: address:port
  std::map<std::string, uint16_t> port_names;  // named ports of a WorkloadEntry
  Locality locality;
  uint32_t weight = 1;
  bool has_proxy = false;  // takes mTLS
  bool is_ready = true;    // its proxy is connected, or it has none
  std::string network;
  OriginRef origin;

  [[nodiscard]] const std::string& ns() const { return identity.ns; }
};

// Labels "service.istio.io/canonical-name", "app.kubernetes.io/name", "app", else the name; and likewise for the
// revision ("…canonical-revision", "…version", "version", else "latest").
[[nodiscard]] PeerLabels peer_labels(const Workload& workload, std::string_view cluster_id);

}  // namespace ripstop::model
