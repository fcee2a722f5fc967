// Seeded random models for the round-trip tests: every value is one that the model can mean and the wire can say.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "model/cluster.h"
#include "model/listener.h"
#include "model/route.h"
#include "model/tls.h"

namespace ripstop::xds::testing {

class RandomModels {
 public:
  explicit RandomModels(uint64_t seed) : random_(seed) {}

  model::Cluster cluster();
  model::LoadAssignment assignment(bool with_hostnames);
  model::Secret secret();
  model::RouteTable route_table();
  model::Listener listener();
  model::NameTable name_table();

 private:
  bool coin() { return random_.below(2) == 0; }
  uint32_t number(uint32_t low, uint32_t high) { return low + static_cast<uint32_t>(random_.below(high - low + 1)); }
  template <typename Item>
  Item one_of(std::initializer_list<Item> items) {
    return *(items.begin() + random_.below(items.size()));
  }
  std::string word();
  std::vector<std::string> words(uint32_t most);
  // At least a millisecond.
  Duration duration();
  SocketAddress address();

  model::PeerLabels labels();
  model::Endpoint endpoint(bool with_hostnames);
  model::OriginRef origin();
  model::OutlierDetection outlier();
  model::HealthCheck health_check();
  model::StringMatch string_match();
  std::vector<model::StringMatch> peer_names();
  model::UpstreamTls upstream_tls();
  model::DownstreamTls downstream_tls();

  model::HeaderEdits header_edits();
  model::RouteMatch route_match();
  model::RetryPolicy retry();
  std::vector<model::WeightedCluster> weighted_clusters(bool with_edits);
  model::Forward forward();
  model::Redirect redirect();
  model::RouteAction action();
  model::Route route();

  std::vector<model::AccessLog> access_logs();
  model::HttpConnection http_connection();
  model::TcpProxy tcp_proxy();
  model::FilterChain filter_chain();

  Random random_;
};

}  // namespace ripstop::xds::testing
