// Who stands behind an ADS stream, and what its proxy is told because of it. Pure.
#pragma once

#include <string>

#include "base/result.h"
#include "control/intake/implicit_service.h"
#include "model/service.h"
#include "net/stream.h"
#include "translate/proxy.h"
#include "xds/server_session.h"

namespace ripstop::control {

// What a client says about itself. Nothing of it is proven.
struct ClientFacts {
  std::string node_id;
  std::string workload_id;  // metadata RIPSTOP_WORKLOAD_ID, else the third part of the node's id without ".NAMESPACE"
  std::string ns;           // metadata NAMESPACE, empty when absent
  std::string service_account;    // metadata SERVICE_ACCOUNT, likewise
  bool shares_namespace = false;  // metadata INTERCEPTION_MODE is REDIRECT or TPROXY: a pod
  bool wants_names = true;        // metadata DNS_CAPTURE is not "false"
  bool is_envoy = false;          // user_agent_name is "envoy"
};

[[nodiscard]] ClientFacts read_facts(const xds::ClientNode& node);

// The registered workload that the client is. kPermissionDenied: there is none of that id, or the certificate (`tls` is
// null for a connection without TLS) is not of its identity, or the node contradicts it. The result is one of
// `workloads`.
[[nodiscard]] Result<const model::Workload*> admit(const ClientFacts& facts, const net::TlsSession* tls,
                                                   const Workloads& workloads);

// Everything but what only the client can know is taken from the registration.
[[nodiscard]] translate::Proxy make_proxy(const ClientFacts& facts, const model::Workload& workload,
                                          std::string roots_pem);

}  // namespace ripstop::control
