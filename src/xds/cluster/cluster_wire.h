// Parts of a Cluster that are a page of their own on the wire. Internal to xds.
#pragma once

#include "model/cluster.h"
#include "xds/wire/cursor.h"
#include "xds/wire/proto_names.h"

namespace ripstop::xds {

void encode_cluster(const model::Cluster& model, envoy::config::cluster::v3::Cluster* wire);
[[nodiscard]] model::Cluster decode_cluster(const envoy::config::cluster::v3::Cluster& wire, const Cursor& at);

// Circuit breaker, outlier detection and keep-alive.
void encode_limits(const model::Cluster& model, envoy::config::cluster::v3::Cluster* wire);
void decode_limits(const envoy::config::cluster::v3::Cluster& wire, const Cursor& at, model::Cluster& model);

// health_checks: at most one, by TCP, HTTP or gRPC.
void encode_health_check(const model::Cluster& model, envoy::config::cluster::v3::Cluster* wire);
void decode_health_check(const envoy::config::cluster::v3::Cluster& wire, const Cursor& at, model::Cluster& model);

// typed_extension_protocol_options: the protocol, idle_timeout and max_requests_per_connection.
void encode_upstream_http(const model::Cluster& model, envoy::config::cluster::v3::Cluster* wire);
void decode_upstream_http(const envoy::config::cluster::v3::Cluster& wire, const Cursor& at, model::Cluster& model);

}  // namespace ripstop::xds
