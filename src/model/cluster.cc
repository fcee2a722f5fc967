#include "model/cluster.h"

#include <tuple>

namespace ripstop::model {
namespace {

auto comparable(const Cluster& c) {
  return std::tie(c.name, c.discovery, c.eds_name, c.assignment, c.balancing, c.least_request_choices, c.panic_percent,
                  c.connect_timeout, c.idle_timeout, c.dns_refresh, c.max_requests_per_connection,
                  c.max_connection_duration, c.protocol, c.breaker, c.outlier, c.health_check, c.keepalive, c.tls,
                  c.tls_only_where_taken, c.is_application, c.service_labels, c.service_host);
}

}  // namespace

bool Cluster::operator==(const Cluster& other) const {
  return comparable(*this) == comparable(other);
}

}  // namespace ripstop::model
