#include "proxy/pipeline.h"

#include <algorithm>

#include "policy/attempt/fault.h"
#include "protocol/grpc_status.h"

namespace ripstop::proxy {
namespace {

bool allows_upgrade(const std::vector<std::string>& upgrades, std::string_view wanted) {
  return std::ranges::find(upgrades, wanted) != upgrades.end();
}

// A protocol that nobody enabled would carry bytes past every rule.
StageVerdict check_upgrade(const StageInput& in) {
  const protocol::RequestHead& request = in.state.request;
  const bool is_connect = request.method_kind == protocol::Method::kConnect;
  if (request.upgrade.empty() && !is_connect) return {};
  const std::string_view wanted = is_connect ? std::string_view("connect") : request.upgrade;
  const auto* forward = std::get_if<model::Forward>(&in.route.route->action);
  const bool is_allowed = allows_upgrade(in.http.model->upgrades, wanted) ||
                          (forward != nullptr && allows_upgrade(forward->upgrades, wanted));
  if (is_allowed) return {};
  return {.reply = rescue(Trouble::kUpgradeRefused)};
}

StageVerdict inject_fault(const StageInput& in) {
  if (!in.route.route->fault) return {};
  const policy::FaultDecision decision = policy::decide_fault(*in.route.route->fault, in.random);
  StageVerdict verdict;
  verdict.delay = decision.delay;
  if (decision.delay > Duration::zero()) in.state.record.add_flag(ResponseFlag::kDelayInjected);
  if (decision.abort) {
    verdict.reply = rescue(Trouble::kFaultInjected);
    verdict.reply->status = *decision.abort;
    verdict.reply->grpc_status = static_cast<uint8_t>(protocol::grpc_status_of_http(*decision.abort));
  }
  return verdict;
}

}  // namespace

const std::vector<Stage>& pipeline() {
  static const std::vector<Stage> stages = {
      check_upgrade,  // first: a request that may not switch protocols is not worth anything that follows
      inject_fault,   // after all that may refuse, so that a fault is only injected into what would have passed
  };
  return stages;
}

}  // namespace ripstop::proxy
