#include <algorithm>

#include "base/log.h"
#include "control/api/calls.h"
#include "control/api/read_json.h"
#include "control/api/write_json.h"

namespace ripstop::control {
namespace {

// A proxy that lacks a root would refuse every peer that is certified under it.
Status check_all_have_bundle(const AdsService& ads) {
  for (const AdsService::ProxyStatus& proxy : ads.status()) {
    if (!proxy.is_connected || proxy.is_synced) continue;
    return fail(ErrorCode::kAlreadyExists, "the proxy of " + proxy.id +
                                               " has not acknowledged its present configuration, so it may lack the "
                                               "new root; wait, or send \"force\": true");
  }
  return {};
}

Status take_step(ApiContext& context, const RotationRequest& request) {
  Authority& authority = context.authority;
  if (request.step == RotationStep::kCancel) return authority.cancel_rotation(context.now());
  if (authority.phase() == RotationPhase::kSteady) return authority.begin_rotation(context.now());
  if (!request.is_forced) {
    if (Status all = check_all_have_bundle(context.ads); !all) return all;
  }
  return authority.advance_rotation(context.now(), request.is_forced);
}

net::HttpReply state_of(const Authority& authority) {
  return net::http_json(200, rotation_json(authority.phase(), authority.bundle()));
}

}  // namespace

ApiReply get_root(ApiContext& context, const ApiCall& /*call*/) {
  net::HttpReply reply;
  reply.content_type = "application/x-pem-file";
  reply.body = context.authority.bundle().pem();
  return reply;
}

ApiReply get_rotation(ApiContext& context, const ApiCall& /*call*/) {
  return state_of(context.authority);
}

ApiReply rotate_root(ApiContext& context, const ApiCall& call) {
  const auto request = read_rotation_request(call.request.body);
  if (!request) return std::unexpected(request.error());
  if (const Status taken = take_step(context, *request); !taken) return std::unexpected(taken.error());
  log::info("control.identity", "root rotation: " + std::string(to_string(context.authority.phase())));
  context.ads.on_change();
  return state_of(context.authority);
}

}  // namespace ripstop::control
