// What happens to a request between its route and its upstream: an ordered list of stages, each with its reason.
#pragma once

#include <optional>
#include <vector>

#include "base/random.h"
#include "policy/route/route_table.h"
#include "proxy/exchange.h"
#include "proxy/rescue.h"

namespace ripstop::proxy {

struct StageInput {
  ExchangeState& state;
  const ConnectionFacts& facts;
  const HttpSettings& http;
  const policy::CompiledRoute& route;
  Random& random;
};

// Go on, possibly after a delay; or answer at once.
struct StageVerdict {
  Duration delay{};
  std::optional<Rescue> reply;
};

using Stage = StageVerdict (*)(const StageInput&);

// In order. The same for every request; a stage that has nothing to do costs one test.
[[nodiscard]] const std::vector<Stage>& pipeline();

}  // namespace ripstop::proxy
