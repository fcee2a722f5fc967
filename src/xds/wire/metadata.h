// What Ripstop says in the metadata of endpoints, clusters and routes, and reads back. Internal to xds.
//
//   envoy.transport_socket_match  {tlsMode: istio}                        endpoint takes mTLS
//   istio                         {workload: "name;namespace;canonical service;canonical revision;cluster"}   endpoint
//                                 {services: [{host, name, namespace}]}   cluster
//                                 {config: "/apis/GROUP/namespaces/NS/KIND/NAME"}    route, for Istio's own kinds
//   ripstop                       {app, version, principal}, {application}, {origin: {…}}: what the others cannot say
//
// Metadata of other names is read only by extensions that Ripstop does not have, and is passed over.
#pragma once

#include "model/cluster.h"
#include "model/origin.h"
#include "xds/wire/cursor.h"
#include "xds/wire/proto_names.h"

namespace ripstop::xds {

inline constexpr std::string_view kTlsModeKey = "tlsMode";
inline constexpr std::string_view kTlsModeIstio = "istio";

void encode_endpoint_metadata(const model::Endpoint& endpoint, envoy::config::core::v3::Metadata* wire);
void encode_cluster_metadata(const model::Cluster& cluster, envoy::config::core::v3::Metadata* wire);
void encode_origin(const model::OriginRef& origin, envoy::config::core::v3::Metadata* wire);

// Sets `takes_mtls` and `labels`.
void decode_endpoint_metadata(const envoy::config::core::v3::Metadata& wire, const Cursor& at,
                              model::Endpoint& endpoint);
// Sets `is_application`, `service_labels`, `service_host` and `origin`.
void decode_cluster_metadata(const envoy::config::core::v3::Metadata& wire, const Cursor& at, model::Cluster& cluster);
// Null when the metadata names no origin.
[[nodiscard]] model::OriginRef decode_origin(const envoy::config::core::v3::Metadata& wire, const Cursor& at);

// A Struct as compact JSON text with sorted keys.
[[nodiscard]] std::string to_json(const google::protobuf::Struct& wire);
// The other way; false when the text is not a JSON object.
[[nodiscard]] bool from_json(std::string_view text, google::protobuf::Struct* wire);

}  // namespace ripstop::xds
