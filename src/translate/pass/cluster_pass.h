// Pass: one service port -> its cluster and one for each subset.
#pragma once

#include <string>
#include <vector>

#include "model/cluster.h"
#include "translate/mesh/mesh_index.h"

namespace ripstop::translate {

struct ClusterInput {
  Part<model::Service> service;
  model::ServicePort port;
  Part<std::vector<std::string>> identities;
  Part<model::DestinationPolicy> policy;  // null: none is in force
  // Of this service, for the DNS kinds, whose clusters hold their endpoints; else empty.
  std::vector<model::LoadAssignment> inline_assignments;
  std::string trust_domain;
  Profile profile = Profile::kRipstop;
};

// TLS: what the policy says; else, for services of the mesh, mesh mTLS towards the endpoints that take it. The peer
// must then have one of `identities`; with none known, an identity of the service's namespace, so that an endpoint that
// turns up before its identity does is still checked.
[[nodiscard]] std::vector<model::Cluster> make_clusters(const ClusterInput& input);

// PassthroughCluster and BlackHoleCluster.
[[nodiscard]] std::vector<model::Cluster> make_fallback_clusters();

// No breaker, no panic routing, 10 s to connect: what Istio does when nobody said anything.
[[nodiscard]] model::Cluster baseline_cluster(std::string name);

// How bytes of this protocol go upstream.
[[nodiscard]] model::UpstreamProtocol upstream_protocol(model::AppProtocol protocol);

// True when the cluster finds its endpoints by EDS.
[[nodiscard]] bool uses_eds(const model::Service& service, const model::TrafficPolicy& policy);

}  // namespace ripstop::translate
