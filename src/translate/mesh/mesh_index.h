// A snapshot put in order once, for all proxies: sorted, joined (which workloads stand behind which service) and with
// the digests by which passes know their inputs. Depends only on what the snapshot says, not on the order it says it
// in.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/snapshot.h"
#include "translate/fingerprint.h"
#include "translate/mesh/destination_policies.h"
#include "translate/mesh/server_mtls.h"

namespace ripstop::translate {

// A workload behind a service, with the mTLS that its side asks for.
struct Member {
  std::shared_ptr<const model::Workload> workload;
  EffectiveMtls mtls;
};
using Members = std::vector<Member>;  // by workload id

struct ServiceShape {
  Part<model::Service> service;
  // SPIFFE IDs that may answer for the service: of its workloads, ready or not, and of endpoints written in it; with
  // its declared names. Sorted, without repetition.
  Part<std::vector<std::string>> identities;
  std::optional<Part<Members>> dns_members;  // for services whose clusters hold their endpoints
};

// Everything but the workloads behind services that are found by EDS: what clusters, routes and listeners depend on.
struct MeshShape {
  model::MeshSettings settings;
  std::vector<ServiceShape> services;                                 // by host, then namespace
  std::vector<std::shared_ptr<const model::HttpRoutes>> http_routes;  // oldest first, as are the others
  std::vector<std::shared_ptr<const model::L4Routes>> l4_routes;
  std::vector<DestinationPolicyRef> destination_policies;
};

struct MeshIndex {
  model::SnapshotRef snapshot;  // keeps what the parts point to
  Part<MeshShape> shape;
  Part<std::vector<Part<Members>>> members;  // parallel to shape->services
  ServerMtlsTable server_mtls;
  std::set<std::string> client_label_keys;  // labels of clients that some policy or rule asks for
};

[[nodiscard]] MeshIndex make_index(model::SnapshotRef snapshot);

}  // namespace ripstop::translate
