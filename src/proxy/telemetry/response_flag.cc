#include "proxy/telemetry/request_record.h"

namespace ripstop::proxy {

std::string_view to_string(ResponseFlag flag) {
  switch (flag) {
    case ResponseFlag::kNone:
      return "";
    case ResponseFlag::kNoHealthyUpstream:
      return "UH";
    case ResponseFlag::kUpstreamConnectionFailure:
      return "UF";
    case ResponseFlag::kUpstreamOverflow:
      return "UO";
    case ResponseFlag::kNoRouteFound:
      return "NR";
    case ResponseFlag::kUpstreamRetryLimit:
      return "URX";
    case ResponseFlag::kNoClusterFound:
      return "NC";
    case ResponseFlag::kDownstreamTermination:
      return "DC";
    case ResponseFlag::kUpstreamTimeout:
      return "UT";
    case ResponseFlag::kUpstreamTermination:
      return "UC";
    case ResponseFlag::kUpstreamRemoteReset:
      return "UR";
    case ResponseFlag::kUpstreamProtocolError:
      return "UPE";
    case ResponseFlag::kDownstreamProtocolError:
      return "DPE";
    case ResponseFlag::kDelayInjected:
      return "DI";
    case ResponseFlag::kFaultInjected:
      return "FI";
    case ResponseFlag::kRateLimited:
      return "RL";
    case ResponseFlag::kDurationTimeout:
      return "DT";
    case ResponseFlag::kStreamIdleTimeout:
      return "SI";
    case ResponseFlag::kLocalReset:
      return "LR";
    case ResponseFlag::kOverload:
      return "OM";
  }
  return "";
}

}  // namespace ripstop::proxy
