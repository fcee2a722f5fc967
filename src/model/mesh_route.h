// Routing rules as people write them: by host, with destinations that are services and subsets rather than clusters.
// A dialect has already put the rules into the order in which they are tried.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/address.h"
#include "model/match.h"
#include "model/origin.h"
#include "model/route.h"
#include "model/service.h"

namespace ripstop::model {

// What becomes of a request that no rule of the host takes.
enum class OnNoMatch : uint8_t { kNotFound, kToService };

struct Destination {
  std::string host;  // fully qualified
  std::string subset;
  std::optional<uint16_t> port;  // absent: the port the client called
  bool operator==(const Destination&) const = default;
};

struct WeightedDestination {
  Destination destination;
  uint32_t weight = 1;
  HeaderEdits request_headers;
  HeaderEdits response_headers;
  std::string host_rewrite;  // empty: the rule's own, else keep
};

// Where the rule applies, beside the request itself. Translate tests these per proxy, so they cost nothing at run time.
struct ClientScope {
  Labels source_labels;
  std::string source_namespace;       // empty: any
  std::optional<uint16_t> port;       // port the client called
  std::vector<std::string> gateways;  // "mesh" for sidecars; empty: sidecars
};

struct MirrorDestination {
  Destination destination;
  uint32_t per_million = 1'000'000;
};

// The action without its clusters: Forward's other fields, with `destinations` to be turned into clusters.
struct ForwardToServices {
  std::vector<WeightedDestination> destinations;
  Forward settings;  // clusters and mirrors empty
  std::vector<MirrorDestination> mirrors;
};

struct HttpRule {
  std::string name;
  // One rule with several matches: any may hold. Empty: every request.
  struct Condition {
    RouteMatch match;
    ClientScope scope;
  };
  std::vector<Condition> conditions;
  std::variant<ForwardToServices, Redirect, DirectResponse> action;
  HeaderEdits request_headers;
  HeaderEdits response_headers;
  std::optional<Fault> fault;
  OriginRef origin;
};

struct HttpRoutes {
  std::vector<std::string> hosts;  // fully qualified, may start with "*."
  std::string ns;
  std::vector<std::string> gateways;  // "mesh" among them: sidecars
  std::vector<std::string> export_to;
  std::vector<HttpRule> rules;
  OnNoMatch on_no_match = OnNoMatch::kNotFound;
  int64_t created = 0;  // older wins where two claim one host
  OriginRef origin;
};

// TCP and TLS rules; `server_names` empty for plain TCP.
struct L4Rule {
  struct Condition {
    std::vector<std::string> server_names;  // SNI, may start with "*."
    std::vector<CidrBlock> destinations;
    ClientScope scope;
  };
  std::vector<Condition> conditions;
  std::vector<WeightedDestination> destinations;
  bool is_tls = false;
  OriginRef origin;
};

struct L4Routes {
  std::vector<std::string> hosts;
  std::string ns;
  std::vector<std::string> gateways;
  std::vector<std::string> export_to;
  std::vector<L4Rule> rules;
  int64_t created = 0;
  OriginRef origin;
};

}  // namespace ripstop::model
