// TLS contexts and secrets on the wire. Internal to xds.
#pragma once

#include <optional>

#include "model/tls.h"
#include "xds/wire/cursor.h"
#include "xds/wire/proto_names.h"

namespace ripstop::xds {

void encode_upstream_tls(const model::UpstreamTls& model, envoy::config::core::v3::TransportSocket* wire);
void encode_downstream_tls(const model::DownstreamTls& model, envoy::config::core::v3::TransportSocket* wire);
void encode_raw_buffer(envoy::config::core::v3::TransportSocket* wire);

// Absent for a raw_buffer socket. Certificates must be named secrets: xDS never carries them inside a TLS context here.
[[nodiscard]] std::optional<model::UpstreamTls> decode_upstream_tls(
    const envoy::config::core::v3::TransportSocket& wire, const Cursor& at);
[[nodiscard]] std::optional<model::DownstreamTls> decode_downstream_tls(
    const envoy::config::core::v3::TransportSocket& wire, const Cursor& at);

[[nodiscard]] model::Secret decode_secret(const envoy::extensions::transport_sockets::tls::v3::Secret& wire,
                                          const Cursor& at);

}  // namespace ripstop::xds
