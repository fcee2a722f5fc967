// Fault injection: which requests are delayed, which are answered with an error in place of the upstream.
#pragma once

#include <cstdint>
#include <optional>

#include "base/random.h"
#include "base/time.h"
#include "model/route.h"

namespace ripstop::policy {

struct FaultDecision {
  Duration delay{};                 // zero: none
  std::optional<uint16_t> abort{};  // answer this status, after the delay
};

// Delay and abort are drawn independently, as Envoy's fault filter does.
[[nodiscard]] FaultDecision decide_fault(const model::Fault& fault, Random& random);

// True for `per_million` of a million draws: mirroring and sampling as well.
[[nodiscard]] bool draw_share(uint32_t per_million, Random& random);

}  // namespace ripstop::policy
