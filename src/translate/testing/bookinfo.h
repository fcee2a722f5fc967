// A small mesh for tests: bookinfo on plain machines, with a database, an outside service and a few rules.
#pragma once

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "model/snapshot.h"
#include "translate/proxy.h"

namespace ripstop::translate::testing {

inline model::OriginRef origin(std::string kind, std::string ns, std::string name) {
  return std::make_shared<const model::Origin>(model::Origin{
      .dialect = "istio", .kind = std::move(kind), .ns = std::move(ns), .name = std::move(name), .file = "mesh.yaml"});
}

inline IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}

inline model::ServicePort port(uint16_t number, std::string name, model::AppProtocol protocol) {
  return {.number = number, .name = std::move(name), .protocol = protocol};
}

inline model::ServicePort http(uint16_t number) {
  return port(number, "http", model::AppProtocol::kHttp);
}

inline std::string host_of(const std::string& name, const std::string& ns = "default") {
  return name + "." + ns + ".svc.cluster.local";
}

inline model::Service service(const std::string& name, model::ServicePort port, std::string_view address,
                              const std::string& ns = "default") {
  model::Service made;
  made.host = host_of(name, ns);
  made.ns = ns;
  made.name = name;
  if (!address.empty()) made.addresses = {ip(address)};
  made.ports = {std::move(port)};
  made.selector = model::Labels{{"app", name}};
  made.origin = origin("Service", ns, name);
  return made;
}

inline model::Service outside(std::string host, model::ServicePort port, model::Resolution resolution) {
  model::Service made;
  made.host = std::move(host);
  made.ns = "default";
  made.ports = {std::move(port)};
  made.resolution = resolution;
  made.is_external = true;
  made.origin = origin("ServiceEntry", "default", made.host);
  return made;
}

// Listens on its host at 127.0.0.1:`bound` for application port `port`.
inline model::Workload workload(const std::string& app, const std::string& version, uint16_t port, uint16_t bound,
                                const std::string& ns = "default") {
  model::Workload made;
  made.id = ns + "/" + app + "-" + version;
  made.name = app + "-" + version;
  made.identity = {"cluster.local", ns, "bookinfo-" + app};
  made.labels = {{"app", app}, {"version", version}};
  made.address = "127.0.0.1";
  made.inbound = {{port, {IpAddress::loopback_v4(), bound}}};
  made.has_proxy = true;
  return made;
}

inline model::Subset subset(std::string version) {
  return {.name = version, .labels = {{"version", version}}};
}

inline model::DestinationPolicy policy(std::string host, std::string ns = "default") {
  model::DestinationPolicy made;
  made.host = std::move(host);
  made.ns = std::move(ns);
  made.origin = origin("DestinationRule", made.ns, made.host);
  return made;
}

inline model::WeightedDestination to(std::string host, std::string subset = "", uint32_t weight = 1) {
  return {.destination = {.host = std::move(host), .subset = std::move(subset)}, .weight = weight};
}

inline model::HttpRule rule(std::vector<model::WeightedDestination> destinations) {
  model::HttpRule made;
  made.action = model::ForwardToServices{.destinations = std::move(destinations), .settings = {}, .mirrors = {}};
  return made;
}

inline model::HttpRule rule(model::RouteMatch match, std::vector<model::WeightedDestination> destinations,
                            model::ClientScope scope = {}) {
  model::HttpRule made = rule(std::move(destinations));
  made.conditions = {{std::move(match), std::move(scope)}};
  return made;
}

inline model::HttpRoutes routes(std::string host, std::vector<model::HttpRule> rules, std::string ns = "default") {
  model::HttpRoutes made;
  made.hosts = {std::move(host)};
  made.ns = std::move(ns);
  made.rules = std::move(rules);
  made.origin = origin("VirtualService", made.ns, made.hosts.front());
  return made;
}

inline model::RouteMatch user(std::string name) {
  model::RouteMatch match;
  match.headers = {{.name = "end-user", .value = {.kind = model::MatchKind::kExact, .text = std::move(name)}}};
  return match;
}

inline model::ServerMtls strict(std::string ns) {
  model::ServerMtls made;
  made.ns = std::move(ns);
  made.mode = model::MtlsMode::kStrict;
  return made;
}

inline model::Snapshot bookinfo() {
  model::Snapshot snapshot;
  model::MeshConfig& mesh = snapshot.mesh;
  mesh.services = {service("productpage", http(9080), "240.240.0.1"),
                   service("details", http(9080), "240.240.0.2"),
                   service("reviews", http(9080), "240.240.0.3"),
                   service("ratings", http(9080), "240.240.0.4"),
                   service("mysql", port(3306, "mysql", model::AppProtocol::kTcp), "240.240.0.5"),
                   service("legacy", port(7000, "", model::AppProtocol::kAuto), "240.240.0.6", "old"),
                   outside("api.example.com", port(443, "https", model::AppProtocol::kTls), model::Resolution::kDns)};
  mesh.workloads = {workload("productpage", "v1", 9080, 20001), workload("details", "v1", 9080, 20002),
                    workload("reviews", "v1", 9080, 20003),     workload("reviews", "v2", 9080, 20004),
                    workload("reviews", "v3", 9080, 20005),     workload("ratings", "v1", 9080, 20006),
                    workload("mysql", "v1", 3306, 20007),       workload("legacy", "v1", 7000, 20008, "old")};
  model::DestinationPolicy reviews = policy(host_of("reviews"));
  reviews.subsets = {subset("v1"), subset("v2"), subset("v3")};
  mesh.destination_policies = {std::move(reviews)};
  mesh.http_routes = {
      routes(host_of("reviews"), {rule(user("jason"), {to(host_of("reviews"), "v3")}),
                                  rule({to(host_of("reviews"), "v1", 75), to(host_of("reviews"), "v2", 25)})})};
  mesh.server_mtls = {strict("default")};
  return snapshot;
}

inline model::SnapshotRef share(model::Snapshot snapshot) {
  return std::make_shared<const model::Snapshot>(std::move(snapshot));
}

inline Proxy proxy(const model::Workload& workload) {
  Proxy made;
  made.id = workload.id;
  made.identity = workload.identity;
  made.ns = workload.ns();
  made.labels = workload.labels;
  made.inbound = workload.inbound;
  made.trusted_roots_pem = "-----BEGIN CERTIFICATE-----\n";
  return made;
}

inline void shuffle(model::MeshConfig& mesh, uint32_t seed) {
  std::mt19937 random(seed);
  std::ranges::shuffle(mesh.services, random);
  std::ranges::shuffle(mesh.workloads, random);
  std::ranges::shuffle(mesh.http_routes, random);
  std::ranges::shuffle(mesh.l4_routes, random);
  std::ranges::shuffle(mesh.destination_policies, random);
  std::ranges::shuffle(mesh.server_mtls, random);
}

}  // namespace ripstop::translate::testing
