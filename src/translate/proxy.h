// What translation needs to know about the proxy it writes for. The control plane fills it from the proxy's own
// announcement (xDS node) and from what it authenticated; nothing here is trusted beyond that.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/address.h"
#include "model/cluster.h"
#include "model/identity.h"
#include "model/service.h"

namespace ripstop::translate {

// Who reads the configuration. kEnvoy: stock Envoy, which offers one fixed ALPN list per cluster, whereas Ripstop's
// proxy offers of that list only what fits the protocol it is about to speak.
enum class Profile : uint8_t { kRipstop, kEnvoy };

struct Proxy {
  std::string id;  // of its workload; unused by the passes, names it in logs
  model::Identity identity;
  std::string ns;
  model::Labels labels;
  model::Locality locality;
  // True in a pod: proxy and application share a network namespace, inbound connections arrive at inbound_capture with
  // their original destination. False on a plain machine: each application port has a listener of its own, `inbound`.
  bool shares_namespace = false;
  std::map<uint16_t, SocketAddress> inbound;  // application port -> where the proxy listens on the host
  SocketAddress outbound_capture{.ip = {}, .port = 15001};
  std::vector<SocketAddress> more_outbound_captures;  // the same for another address family
  SocketAddress inbound_capture{.ip = {}, .port = 15006};
  bool dns_capture = true;  // false: no name table
  Profile profile = Profile::kRipstop;
  std::string trusted_roots_pem;  // the bundle that becomes secret "ROOTCA"; empty: no such secret is sent
};

}  // namespace ripstop::translate
