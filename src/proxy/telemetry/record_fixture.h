// One request from productpage to reviews v2, with everything a record can say. Included by tests only.
#pragma once

#include <string>

#include "proxy/telemetry/request_record.h"

namespace ripstop::proxy::telemetry::testing {

struct Recorded {
  Recorded() {
    own = {.workload = "productpage-v1",
           .ns = "shop",
           .app = "productpage",
           .version = "v1",
           .canonical_service = "productpage",
           .canonical_revision = "v1",
           .cluster = "here",
           .principal = "spiffe://cluster.local/ns/shop/sa/productpage"};
    endpoint.address = {IpAddress::loopback_v4(), 9080};
    endpoint.labels = {.workload = "reviews-v2",
                       .ns = "default",
                       .app = "reviews",
                       .version = "v2",
                       .canonical_service = "reviews",
                       .canonical_revision = "v2",
                       .cluster = "here",
                       .principal = "spiffe://cluster.local/ns/default/sa/reviews"};
    cluster.name = "outbound|9080||reviews.default.svc.cluster.local";
    cluster.service_host = "reviews.default.svc.cluster.local";
    peer = {.workload = "gateway", .ns = "edge"};
    tls.has_peer_certificate = true;
    tls.peer_uris = {"spiffe://cluster.local/ns/edge/sa/gateway"};
    tls.local_uri = own.principal;
    tls.sni = "productpage.shop";
    request.method = "GET";
    request.path = "/reviews/0";
    request.query = "?full=1";
    request.authority = "reviews:9080";
    add("user-agent", "curl/8");
    add("x-request-id", "4d1b");

    record.direction = model::Direction::kOutbound;
    record.start_wall = WallTime(std::chrono::milliseconds(1'700'000'000'042));
    record.duration = std::chrono::microseconds(7400);
    record.request = &request;
    record.status = 200;
    record.details = "via_upstream";
    record.request_bytes = 3;
    record.response_bytes = 295;
    record.attempts = 1;
    record.upstream_service_time = "6";
    record.route_name = "default";
    record.cluster = &cluster;
    record.endpoint = &endpoint;
    record.upstream_local = {IpAddress::loopback_v4(), 40001};
    record.downstream_local = {*IpAddress::parse("240.240.0.5"), 9080};
    record.downstream_remote = {IpAddress::loopback_v4(), 50002};
  }
  Recorded(const Recorded&) = delete;
  Recorded& operator=(const Recorded&) = delete;

  void add(std::string_view name, std::string_view value) { static_cast<void>(request.fields.append(name, value)); }

  model::PeerLabels own;
  model::PeerLabels peer;
  model::Endpoint endpoint;
  model::Cluster cluster;
  net::TlsSession tls;
  protocol::RequestHead request;
  RequestRecord record;
};

}  // namespace ripstop::proxy::telemetry::testing
