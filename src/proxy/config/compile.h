// From the model to what the workers run. Pure but for the TLS slots, which come from the secret store. Errors name the
// resource and what to check; nothing half-made is ever returned.
#pragma once

#include <memory>

#include "base/result.h"
#include "proxy/config/secret_store.h"
#include "proxy/worker/settings.h"

namespace ripstop::proxy {

[[nodiscard]] Result<ListenerRef> compile_listener(model::Listener listener, SecretStore& secrets);
[[nodiscard]] Result<ClusterSettingsRef> compile_cluster(model::Cluster cluster, SecretStore& secrets);
[[nodiscard]] Result<std::shared_ptr<const policy::CompiledRouteTable>> compile_routes(model::RouteTable table);

// Names of the route tables that the listener fetches.
[[nodiscard]] std::vector<std::string> route_table_names(const model::Listener& listener);
// Names of the secrets that it uses.
[[nodiscard]] std::vector<std::string> secret_names(const model::Listener& listener);
[[nodiscard]] std::vector<std::string> secret_names(const model::Cluster& cluster);

}  // namespace ripstop::proxy
