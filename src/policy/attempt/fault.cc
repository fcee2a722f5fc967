#include "policy/attempt/fault.h"

namespace ripstop::policy {

bool draw_share(uint32_t per_million, Random& random) {
  constexpr uint32_t kAll = 1'000'000;
  if (per_million == 0) return false;
  return per_million >= kAll || random.below(kAll) < per_million;
}

FaultDecision decide_fault(const model::Fault& fault, Random& random) {
  FaultDecision decision;
  if (draw_share(fault.delay_per_million, random)) decision.delay = fault.delay;
  if (fault.abort_status != 0 && draw_share(fault.abort_per_million, random)) decision.abort = fault.abort_status;
  return decision;
}

}  // namespace ripstop::policy
