// One function for each call of the API. A failed Result becomes the error reply that fits its code.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "control/api/api.h"

namespace ripstop::control {

struct ApiCall {
  const net::HttpRequest& request;
  std::vector<std::string> parts;  // what stands for the route's "{...}", percent-decoded
};

using ApiReply = Result<net::HttpReply>;
using ApiFunction = ApiReply (*)(ApiContext& context, const ApiCall& call);

ApiReply get_health(ApiContext& context, const ApiCall& call);
ApiReply get_services(ApiContext& context, const ApiCall& call);
ApiReply get_proxies(ApiContext& context, const ApiCall& call);
ApiReply get_diagnostics(ApiContext& context, const ApiCall& call);
ApiReply watch_changes(ApiContext& context, const ApiCall& call);

ApiReply apply_documents(ApiContext& context, const ApiCall& call);
ApiReply list_resources(ApiContext& context, const ApiCall& call);
ApiReply get_resource(ApiContext& context, const ApiCall& call);
ApiReply delete_resource(ApiContext& context, const ApiCall& call);

ApiReply list_workloads(ApiContext& context, const ApiCall& call);
ApiReply register_workload(ApiContext& context, const ApiCall& call);
ApiReply deregister_workload(ApiContext& context, const ApiCall& call);

ApiReply get_root(ApiContext& context, const ApiCall& call);
ApiReply get_rotation(ApiContext& context, const ApiCall& call);
ApiReply rotate_root(ApiContext& context, const ApiCall& call);

}  // namespace ripstop::control
