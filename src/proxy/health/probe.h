// One active health check of one host, by TCP, HTTP or gRPC.
#pragma once

#include "base/time.h"
#include "policy/health/health_state.h"
#include "proxy/upstream/upstream_cluster.h"
#include "runtime/task.h"

namespace ripstop::proxy {

// Opens a connection as requests to the cluster would have it (TLS, or through the application's namespace) and asks on
// it, all until `deadline`. `host` is where to connect; the cluster must ask for health checks. Nothing of the answer
// is held beyond its head, but at most 64 KiB that a TCP check looks through.
runtime::Task<policy::HealthProbe> probe(std::shared_ptr<UpstreamCluster> cluster, policy::HostRef host,
                                         TimePoint deadline);

}  // namespace ripstop::proxy
