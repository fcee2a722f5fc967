// The filter chains of one inbound port, by protocol and mTLS mode.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/listener.h"
#include "model/mesh_policy.h"
#include "model/service.h"

namespace ripstop::translate {

struct InboundChains {
  std::string name;  // prefix of the chains' names
  std::string cluster;
  std::string operation;  // span name of the HTTP route
  model::OriginRef origin;
  std::optional<uint16_t> port;  // destination port to match; absent: any
  model::AppProtocol protocol = model::AppProtocol::kAuto;
  model::MtlsMode mtls = model::MtlsMode::kPermissive;
  std::string trust_domain;
  std::vector<model::AccessLog> logs;
};

[[nodiscard]] std::vector<model::FilterChain> make_inbound_chains(const InboundChains& port);

}  // namespace ripstop::translate
