#include <fmt/format.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/repeated_ptr_field.h>
#include <google/protobuf/wrappers.pb.h>

#include "envoy/config/accesslog/v3/accesslog.pb.h"
#include "envoy/config/core/v3/address.pb.h"
#include "envoy/config/core/v3/base.pb.h"
#include "envoy/config/listener/v3/listener.pb.h"
#include "envoy/extensions/filters/listener/http_inspector/v3/http_inspector.pb.h"
#include "envoy/extensions/filters/listener/original_dst/v3/original_dst.pb.h"
#include "envoy/extensions/filters/listener/proxy_protocol/v3/proxy_protocol.pb.h"
#include "envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector.pb.h"
#include "envoy/extensions/transport_sockets/tls/v3/secret.pb.h"
#include "envoy/extensions/transport_sockets/tls/v3/tls.pb.h"
#include "xds/cluster/tls_wire.h"
#include "xds/decode.h"
#include "xds/listener/listener_wire.h"
#include "xds/wire/message.h"
#include "xds/wire/type_names.h"

namespace ripstop::xds {
namespace {

namespace core = envoy::config::core::v3;
namespace filters = envoy::extensions::filters::listener;
namespace listener = envoy::config::listener::v3;

model::Direction decode_direction(core::TrafficDirection wire, const Cursor& at) {
  switch (wire) {
    case core::UNSPECIFIED:
      return model::Direction::kUnspecified;
    case core::INBOUND:
      return model::Direction::kInbound;
    case core::OUTBOUND:
      return model::Direction::kOutbound;
    default:
      at.invalid("is not a known direction");
      return model::Direction::kUnspecified;
  }
}

// A filter without settings: the message must be empty.
template <typename Config>
void check_empty(const google::protobuf::Any& any, const Cursor& at) {
  Config config;
  if (any.value().empty() || unpack(any, config, at)) at.check_known(config);
  at.check_known(any);
}

void check_tls_inspector(const google::protobuf::Any& any, const Cursor& at) {
  filters::tls_inspector::v3::TlsInspector config;
  if (!unpack(any, config, at)) return;
  at.check_known(config);
  at.field("initial_read_buffer_size").check_known(config.initial_read_buffer_size());
}

void decode_listener_filter(const listener::ListenerFilter& wire, const Cursor& at, model::Listener& model) {
  const auto& any = wire.typed_config();
  const std::string_view type = type_name_of(any);
  const Cursor config = at.field("typed_config");
  at.check_known(wire);
  if (type == type_name::kTlsInspector) {
    check_tls_inspector(any, config);
    model.inspect_tls = true;
  } else if (type == type_name::kHttpInspector) {
    check_empty<filters::http_inspector::v3::HttpInspector>(any, config);
    model.inspect_http = true;
  } else if (type == type_name::kOriginalDst) {
    check_empty<filters::original_dst::v3::OriginalDst>(any, config);
    model.read_original_dst = true;
  } else if (type == type_name::kProxyProtocol) {
    check_empty<filters::proxy_protocol::v3::ProxyProtocol>(any, config);
    model.read_proxy_protocol = true;
  } else {
    config.unsupported(fmt::format("is \"{}\" (filter {}), which is not supported", type, wire.name()));
  }
}

std::vector<CidrBlock> decode_ranges(const listener::FilterChainMatch& wire, const Cursor& at) {
  std::vector<CidrBlock> blocks;
  for (int i = 0; i < wire.prefix_ranges_size(); ++i) {
    const auto& range = wire.prefix_ranges(i);
    const Cursor here = at.item("prefix_ranges", static_cast<size_t>(i));
    here.check_known(range);
    const uint32_t bits = decode_value(range.prefix_len(), here.field("prefix_len"));
    if (auto block = CidrBlock::parse(fmt::format("{}/{}", range.address_prefix(), bits))) {
      blocks.push_back(*block);
    } else {
      here.invalid(fmt::format("is not a network: {}", block.error().message));
    }
  }
  return blocks;
}

model::FilterChainMatch decode_match(const listener::FilterChainMatch& wire, const Cursor& at) {
  model::FilterChainMatch match;
  at.check_known(wire);
  if (wire.has_destination_port()) {
    const uint32_t port = decode_value(wire.destination_port(), at.field("destination_port"));
    if (port == 0 || port > 65535) at.field("destination_port").invalid("is not a port number");
    match.destination_port = static_cast<uint16_t>(port);
  }
  match.destination_ranges = decode_ranges(wire, at);
  match.server_names.assign(wire.server_names().begin(), wire.server_names().end());
  match.transport_protocol = wire.transport_protocol();
  const bool is_known_transport =
      match.transport_protocol.empty() || match.transport_protocol == "tls" || match.transport_protocol == "raw_buffer";
  if (!is_known_transport) at.field("transport_protocol").unsupported("must be \"tls\" or \"raw_buffer\"");
  match.application_protocols.assign(wire.application_protocols().begin(), wire.application_protocols().end());
  return match;
}

model::NetworkFilter decode_filter(const listener::Filter& wire, const Cursor& at) {
  const std::string_view type = type_name_of(wire.typed_config());
  const Cursor config = at.field("typed_config");
  at.check_known(wire);
  if (type == type_name::kHttpConnectionManager) return decode_http_connection(wire.typed_config(), config);
  if (type == type_name::kTcpProxy) return decode_tcp_proxy(wire.typed_config(), config);
  config.unsupported(fmt::format("is \"{}\" (filter {}), which is not supported", type, wire.name()));
  return model::TcpProxy{};
}

model::FilterChain decode_chain(const listener::FilterChain& wire, const Cursor& at) {
  model::FilterChain chain;
  at.check_known(wire);
  at.field("metadata").check_known(wire.metadata());
  chain.name = wire.name();
  chain.match = decode_match(wire.filter_chain_match(), at.field("filter_chain_match"));
  if (wire.has_transport_socket())
    chain.tls = decode_downstream_tls(wire.transport_socket(), at.field("transport_socket"));
  if (wire.filters_size() != 1) {
    at.field("filters").unsupported("must be one filter, an HTTP connection manager or a TCP proxy");
  } else {
    chain.filter = decode_filter(wire.filters(0), at.item("filters", 0));
  }
  return chain;
}

void decode_addresses(const listener::Listener& wire, const Cursor& at, model::Listener& model) {
  model.address = decode_address(wire.address(), at.field("address"));
  for (int i = 0; i < wire.additional_addresses_size(); ++i) {
    const Cursor here = at.item("additional_addresses", static_cast<size_t>(i));
    here.check_known(wire.additional_addresses(i));
    model.more_addresses.push_back(decode_address(wire.additional_addresses(i).address(), here.field("address")));
  }
}

void decode_inspection(const listener::Listener& wire, const Cursor& at, model::Listener& model) {
  for (int i = 0; i < wire.listener_filters_size(); ++i) {
    decode_listener_filter(wire.listener_filters(i), at.item("listener_filters", static_cast<size_t>(i)), model);
  }
  if (wire.has_listener_filters_timeout()) {
    model.inspect_timeout = decode_duration(wire.listener_filters_timeout(), at.field("listener_filters_timeout"));
  }
  model.continue_on_inspect_timeout = wire.continue_on_listener_filters_timeout();
}

}  // namespace

model::Listener decode_listener(const listener::Listener& wire, const Cursor& at) {
  model::Listener model;
  at.check_known(wire);
  model.name = wire.name();
  decode_addresses(wire, at, model);
  if (wire.has_bind_to_port()) model.bind_to_port = decode_value(wire.bind_to_port(), at.field("bind_to_port"));
  model.use_original_dst = decode_value(wire.use_original_dst(), at.field("use_original_dst"));
  model.direction = decode_direction(wire.traffic_direction(), at.field("traffic_direction"));
  decode_inspection(wire, at, model);
  if (at.check_count("filter_chains", static_cast<size_t>(wire.filter_chains_size()), kMaxFilterChains)) {
    for (int i = 0; i < wire.filter_chains_size(); ++i) {
      model.filter_chains.push_back(
          decode_chain(wire.filter_chains(i), at.item("filter_chains", static_cast<size_t>(i))));
    }
  }
  if (wire.has_default_filter_chain()) {
    model.default_filter_chain = decode_chain(wire.default_filter_chain(), at.field("default_filter_chain"));
  }
  if (model.filter_chains.empty() && !model.default_filter_chain && !model.use_original_dst) {
    at.field("filter_chains").invalid("is empty");
  }
  at.field("per_connection_buffer_limit_bytes").check_known(wire.per_connection_buffer_limit_bytes());
  at.field("enable_reuse_port").check_known(wire.enable_reuse_port());
  return model;
}

Result<model::Listener> decode_listener(std::string_view body) {
  listener::Listener wire;
  if (Status parsed = parse_body(body, "Listener", wire); !parsed) return fail_with(parsed);
  Problems problems;
  model::Listener model = decode_listener(wire, Cursor("Listener", problems));
  if (!problems.is_empty()) return std::unexpected(problems.to_error());
  return model;
}

}  // namespace ripstop::xds
