#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/repeated_ptr_field.h>
#include <google/protobuf/wrappers.pb.h>

#include <variant>

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
#include "xds/encode.h"
#include "xds/listener/listener_wire.h"
#include "xds/wire/message.h"
#include "xds/wire/type_names.h"

namespace ripstop::xds {
namespace {

namespace core = envoy::config::core::v3;
namespace filters = envoy::extensions::filters::listener;
namespace listener = envoy::config::listener::v3;

core::TrafficDirection to_wire(model::Direction direction) {
  switch (direction) {
    case model::Direction::kUnspecified:
      return core::UNSPECIFIED;
    case model::Direction::kInbound:
      return core::INBOUND;
    case model::Direction::kOutbound:
      return core::OUTBOUND;
  }
  return core::UNSPECIFIED;
}

void add_filter(std::string_view name, std::string_view type, const google::protobuf::MessageLite& config,
                listener::Listener* wire) {
  auto* filter = wire->add_listener_filters();
  filter->set_name(std::string(name));
  pack(type, config, filter->mutable_typed_config());
}

// The order matters: each filter looks at what the one before has left.
void encode_inspection(const model::Listener& model, listener::Listener* wire) {
  if (model.read_proxy_protocol) {
    add_filter(extension::kProxyProtocol, type_name::kProxyProtocol, filters::proxy_protocol::v3::ProxyProtocol(),
               wire);
  }
  if (model.read_original_dst) {
    add_filter(extension::kOriginalDst, type_name::kOriginalDst, filters::original_dst::v3::OriginalDst(), wire);
  }
  if (model.inspect_tls) {
    add_filter(extension::kTlsInspector, type_name::kTlsInspector, filters::tls_inspector::v3::TlsInspector(), wire);
  }
  if (model.inspect_http) {
    add_filter(extension::kHttpInspector, type_name::kHttpInspector, filters::http_inspector::v3::HttpInspector(),
               wire);
  }
  encode_duration(model.inspect_timeout, wire->mutable_listener_filters_timeout());
  wire->set_continue_on_listener_filters_timeout(model.continue_on_inspect_timeout);
}

void encode_match(const model::FilterChainMatch& match, listener::FilterChainMatch* wire) {
  if (match.destination_port) wire->mutable_destination_port()->set_value(*match.destination_port);
  for (const CidrBlock& block : match.destination_ranges) {
    auto* range = wire->add_prefix_ranges();
    range->set_address_prefix(block.network.to_string());
    range->mutable_prefix_len()->set_value(block.prefix_bits);
  }
  for (const std::string& name : match.server_names) wire->add_server_names(name);
  wire->set_transport_protocol(match.transport_protocol);
  for (const std::string& protocol : match.application_protocols) wire->add_application_protocols(protocol);
}

struct FilterEncoder {
  listener::Filter* wire;

  void operator()(const model::HttpConnection& http) const {
    wire->set_name(std::string(extension::kHttpConnectionManager));
    encode_http_connection(http, wire->mutable_typed_config());
  }
  void operator()(const model::TcpProxy& tcp) const {
    wire->set_name(std::string(extension::kTcpProxy));
    encode_tcp_proxy(tcp, wire->mutable_typed_config());
  }
};

void encode_chain(const model::FilterChain& chain, listener::FilterChain* wire) {
  wire->set_name(chain.name);
  if (chain.match != model::FilterChainMatch{}) encode_match(chain.match, wire->mutable_filter_chain_match());
  if (chain.tls) encode_downstream_tls(*chain.tls, wire->mutable_transport_socket());
  std::visit(FilterEncoder{wire->add_filters()}, chain.filter);
}

}  // namespace

void encode_listener(const model::Listener& model, listener::Listener* wire) {
  wire->set_name(model.name);
  encode_address(model.address, wire->mutable_address());
  for (const SocketAddress& address : model.more_addresses) {
    encode_address(address, wire->add_additional_addresses()->mutable_address());
  }
  if (!model.bind_to_port) wire->mutable_bind_to_port()->set_value(false);
  if (model.use_original_dst) wire->mutable_use_original_dst()->set_value(true);
  wire->set_traffic_direction(to_wire(model.direction));
  encode_inspection(model, wire);
  for (const model::FilterChain& chain : model.filter_chains) encode_chain(chain, wire->add_filter_chains());
  if (model.default_filter_chain) encode_chain(*model.default_filter_chain, wire->mutable_default_filter_chain());
}

Resource encode(const model::Listener& model) {
  listener::Listener wire;
  encode_listener(model, &wire);
  return to_resource(type::kListener, model.name, wire);
}

}  // namespace ripstop::xds
