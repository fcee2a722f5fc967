// A host's connections on this worker. Internal to the cluster.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "policy/balance/host.h"
#include "proxy/upstream/shared_connection.h"
#include "proxy/upstream/upstream_cluster.h"
#include "proxy/upstream/upstream_connection.h"

namespace ripstop::proxy {

// A connection that may become shared is being opened; the requests that came meanwhile wait for what comes of it.
struct Opening {
  std::deque<runtime::Event*> waiting;
  bool is_over = false;
  std::optional<Error> failure;  // once over: theirs as well
};

struct UpstreamCluster::Pool final : policy::HostAttachment {
  std::shared_ptr<uint32_t> slots = std::make_shared<uint32_t>(0);  // taken by this worker
  std::vector<UpstreamConnectionPtr> idle;                          // most recently used last
  std::vector<SharedConnectionRef> shared;
  std::shared_ptr<Opening> opening;  // null: none
  bool chose_http1 = false;          // the last time that it had the choice
  TimePoint http1_until{};           // it was found to speak HTTP/1 alone, and is believed to until then
};

}  // namespace ripstop::proxy
